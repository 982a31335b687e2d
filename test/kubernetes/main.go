// What stands between our files and a cluster, in the code that clusters use: Go's text/template with
// sprig renders charts as Helm does (Helm itself is in no package source that the tests have), and
// the YAML reader of kubectl reads what comes out.
//
//	kubernetes-reader parse               YAML of standard input, as a JSON array of its documents
//	kubernetes-reader render CHART        the objects of a chart's folder, as a JSON array
//
// Values that differ from those of the chart come on standard input (render), merged key by key.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"text/template"

	"github.com/Masterminds/sprig"
	"github.com/ghodss/yaml"
)

type object = map[string]interface{}

var documentEnd = regexp.MustCompile(`(?m)^---\s*$`)

func main() {
	input, err := io.ReadAll(os.Stdin)
	check(err)
	var documents []interface{}
	if os.Args[1] == "parse" {
		documents = parse(input)
	} else {
		documents = render(os.Args[2], readObject(input))
	}
	check(json.NewEncoder(os.Stdout).Encode(documents))
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func readObject(text []byte) object {
	read := object{}
	check(yaml.Unmarshal(text, &read))
	return read
}

// parse leaves out documents that hold comments only.
func parse(text []byte) []interface{} {
	documents := []interface{}{}
	for _, part := range documentEnd.Split(string(text), -1) {
		var read interface{}
		check(yaml.Unmarshal([]byte(part), &read))
		if read != nil {
			documents = append(documents, read)
		}
	}
	return documents
}

func readFile(path string) []byte {
	text, err := os.ReadFile(path)
	check(err)
	return text
}

// merge is Helm's: maps key by key, everything else as a whole.
func merge(into, from object) object {
	for key, value := range from {
		own, ownIsMap := into[key].(object)
		given, givenIsMap := value.(object)
		if ownIsMap && givenIsMap {
			into[key] = merge(own, given)
		} else {
			into[key] = value
		}
	}
	return into
}

func render(folder string, given object) []interface{} {
	release := object{"Name": "drydock-agent", "Namespace": "default", "Service": "Helm"}
	if namespace, ok := given["releaseNamespace"]; ok {
		release["Namespace"] = namespace
		delete(given, "releaseNamespace")
	}
	about := readObject(readFile(filepath.Join(folder, "Chart.yaml")))
	top := object{
		"Values":  merge(readObject(readFile(filepath.Join(folder, "values.yaml"))), given),
		"Release": release,
		"Chart":   object{"Name": about["name"], "Version": about["version"], "AppVersion": about["appVersion"]},
	}
	templates := template.New("chart").Option("missingkey=zero")
	functions := sprig.TxtFuncMap()
	delete(functions, "env")
	delete(functions, "expandenv")
	functions["toYaml"] = func(value interface{}) string {
		text, err := yaml.Marshal(value)
		check(err)
		return strings.TrimSuffix(string(text), "\n")
	}
	functions["include"] = func(name string, data interface{}) (string, error) {
		var out bytes.Buffer
		err := templates.ExecuteTemplate(&out, name, data)
		return out.String(), err
	}
	templates.Funcs(functions)
	paths, err := filepath.Glob(filepath.Join(folder, "templates", "*"))
	check(err)
	for _, path := range paths {
		_, err := templates.New(path).Parse(string(readFile(path)))
		check(err)
	}
	objects := []interface{}{}
	for _, path := range paths {
		if strings.HasPrefix(filepath.Base(path), "_") {
			continue
		}
		var out bytes.Buffer
		check(templates.ExecuteTemplate(&out, path, top))
		if strings.HasSuffix(path, ".txt") {
			objects = append(objects, object{"notes": out.String()})
		} else {
			objects = append(objects, parse(out.Bytes())...)
		}
	}
	return objects
}

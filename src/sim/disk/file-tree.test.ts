import { describe, expect, it } from 'vitest'
import { fromUtf8, utf8 } from '../../base/bytes.ts'
import { Chance } from '../chance.ts'
import { bytesOf, FileTree, newFile, newFolder } from './file-tree.ts'

/** What became of it after a cut, over many cuts. */
function outcomes(prepare: (tree: FileTree) => void, tell: (tree: FileTree) => string): string[] {
  const seen = new Set<string>()
  for (let seed = 0; seed < 200; seed += 1) {
    const tree = new FileTree()
    prepare(tree)
    tree.cutPower(new Chance(String(seed)))
    seen.add(tell(tree))
  }
  return [...seen].sort()
}

function write(tree: FileTree, name: string, text: string) {
  const file = newFile(0o600)
  tree.add(tree.root, name, file)
  tree.append(file, utf8(text))
  return file
}

function contentOf(tree: FileTree, name: string): string {
  const file = tree.find([name])
  return file?.kind === 'file' ? fromUtf8(bytesOf(file)).replaceAll('\0', '0') : 'none'
}

describe('after a power cut', () => {
  it('what was flushed with its folder is there', () => {
    const prepare = (tree: FileTree) => {
      tree.flush(write(tree, 'a', 'abc'))
      tree.flush(tree.root)
    }
    expect(outcomes(prepare, (tree) => contentOf(tree, 'a'))).toEqual(['abc'])
  })

  it('a name that was not flushed may be lost, and bytes that were not may be torn', () => {
    const prepare = (tree: FileTree) => {
      tree.flush(write(tree, 'a', 'a'))
      write(tree, 'b', 'bc')
    }
    expect(outcomes(prepare, (tree) => contentOf(tree, 'a'))).toEqual(['a', 'none'])
    expect(outcomes(prepare, (tree) => contentOf(tree, 'b'))).toEqual([
      '',
      '00',
      'b',
      'b0',
      'bc',
      'none',
    ])
  })

  it('a file that was replaced by a rename has its old bytes or its new ones', () => {
    const prepare = (tree: FileTree) => {
      tree.flush(write(tree, 'a', 'old'))
      tree.flush(tree.root)
      tree.flush(write(tree, 'a.new', 'new'))
      tree.move({ folder: tree.root, name: 'a.new' }, { folder: tree.root, name: 'a' })
    }
    expect(outcomes(prepare, (tree) => contentOf(tree, 'a'))).toEqual(['new', 'old'])
  })

  it('names survive in the order in which they were given', () => {
    const prepare = (tree: FileTree) => {
      for (const name of ['a', 'b', 'c']) tree.add(tree.root, name, newFolder())
    }
    const names = (tree: FileTree) => [...tree.root.names.keys()].join('')
    expect(outcomes(prepare, names)).toEqual(['', 'a', 'ab', 'abc'])
  })
})

it('there is room for what it has room for, and again when that is gone', () => {
  const tree = new FileTree()
  tree.capacity = 1000
  const file = newFile(0o600)
  expect(tree.add(tree.root, 'a', file)).toBe(true)
  const room = tree.free
  expect(tree.append(file, new Uint8Array(2000))).toBe(room)
  expect(tree.add(tree.root, 'b', newFile(0o600))).toBe(false)
  tree.remove(tree.root, 'a')
  expect(tree.free).toBe(1000)
})

it('a copy has the same files and nothing in common with them', () => {
  const tree = new FileTree()
  const file = write(tree, 'a', 'abc')
  tree.add(tree.root, 'b', file)
  const copy = tree.copy()
  tree.append(file, utf8('d'))
  expect(contentOf(copy, 'a')).toBe('abc')
  expect(copy.find(['a'])).toBe(copy.find(['b']))
  copy.cutPower(new Chance('1'))
  expect(contentOf(copy, 'b')).toBe('abc')
})

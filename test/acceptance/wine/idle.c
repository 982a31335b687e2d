/*
 * A payload for tests on Windows: starts itself once more, as programs do, and then both do nothing
 * for ever. Told `quit` it ends when its stdin does, as a good payload; `health` is its health check.
 */
#include <stdio.h>
#include <string.h>
#include <windows.h>

int main(int count, char **words) {
  const char *word = count > 1 ? words[1] : "";
  if (strcmp(word, "health") == 0) return 0;
  if (strcmp(word, "child") != 0) {
    char command[MAX_PATH + 16], own[MAX_PATH];
    STARTUPINFOA startup = {.cb = sizeof startup};
    PROCESS_INFORMATION child;
    GetModuleFileNameA(NULL, own, sizeof own);
    snprintf(command, sizeof command, "\"%s\" child", own);
    CreateProcessA(NULL, command, NULL, NULL, FALSE, 0, NULL, NULL, &startup, &child);
  }
  if (strcmp(word, "quit") == 0) {
    while (getchar() != EOF) {}
    return 0;
  }
  Sleep(INFINITE);
}

/*
 * For tests under wine only, whose sc.exe has no `query`: prints the state of the service named, and
 * the exit codes that it left.
 */
#include <stdio.h>
#include <windows.h>

int main(int count, char **words) {
  static const char *const names[] = {"",              "STOPPED",          "START_PENDING",
                                      "STOP_PENDING",  "RUNNING",          "CONTINUE_PENDING",
                                      "PAUSE_PENDING", "PAUSED"};
  SC_HANDLE manager = OpenSCManagerA(NULL, NULL, SC_MANAGER_CONNECT);
  SC_HANDLE service = manager ? OpenServiceA(manager, words[count - 1], SERVICE_QUERY_STATUS) : NULL;
  SERVICE_STATUS status;
  if (!service || !QueryServiceStatus(service, &status)) {
    printf("NONE %lu\n", GetLastError());
    return 1;
  }
  printf("%s %lu %lu\n", names[status.dwCurrentState & 7], status.dwWin32ExitCode,
         status.dwServiceSpecificExitCode);
  return 0;
}

/*
 * For tests under wine only: wine 8 lacks the one function of bcryptprimitives.dll that the agent's
 * runtime asks for, random bytes. This is it, by way of the older function that does the same
 * (RtlGenRandom, exported as SystemFunction036).
 */
#include <windows.h>

BOOLEAN NTAPI SystemFunction036(PVOID, ULONG);

__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE bytes, SIZE_T count) {
  return SystemFunction036(bytes, (ULONG)count);
}

BOOL WINAPI DllMain(HINSTANCE module, DWORD reason, LPVOID reserved) { return TRUE; }

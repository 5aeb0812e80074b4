/* Stands in for libunwind, which would find no tables to read: a walk up the stack ends where it begins. The standard
 * library asks for one only to print a backtrace. All that it refers to is here, or the linker takes libunwind along. */
#define NOTHING(name) long name(void) { return 0; }

long _Unwind_Backtrace(void) { return 5; /* _URC_END_OF_STACK */ }
NOTHING(_Unwind_FindEnclosingFunction)
NOTHING(_Unwind_GetCFA)
NOTHING(_Unwind_GetDataRelBase)
NOTHING(_Unwind_GetIP)
NOTHING(_Unwind_GetIPInfo)
NOTHING(_Unwind_GetLanguageSpecificData)
NOTHING(_Unwind_GetRegionStart)
NOTHING(_Unwind_GetTextRelBase)
NOTHING(_Unwind_SetGR)
NOTHING(_Unwind_SetIP)

/* api_hooks.c: being written */
typedef int loket_placeholder;

/* base/utf8.c: being written */
typedef int loket_placeholder;

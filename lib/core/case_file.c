/* core/case_file.c: being written */
typedef int loket_placeholder;

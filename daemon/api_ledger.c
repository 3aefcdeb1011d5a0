/* api_ledger.c: being written */
typedef int loket_placeholder;

/*
 * test_case_file.c GOLDEN - the whole matrix of states and events, compared with the picture in tests/golden
 *
 * Run with one argument "-" to print a new picture.
 */
#include "lib/core/case_file.h"

#include <stdio.h>
#include <string.h>

enum { PICTURE_BYTES = 8192 };

static void draw(char *out, size_t cap)
{
	size_t n = 0;

	for (int s = 0; s < N_CASE_STATES; s++)
		for (int e = 0; e < N_CASE_EVENTS; e++) {
			const char *why = "refused";
			int to = case_next((enum case_state)s, (enum case_event)e, &why);

			n += (size_t)snprintf(out + n, cap - n, "%-9s %-9s %-9s %s\n",
			                      case_state_name((enum case_state)s),
			                      case_event_name((enum case_event)e),
			                      to < 0 ? "-" : case_state_name((enum case_state)to), why);
		}
}

static int names_come_back(void)
{
	for (int s = 0; s < N_CASE_STATES; s++)
		if (case_state_from(case_state_name((enum case_state)s)) != s)
			return 0;
	for (int o = 1; o < N_OUTCOMES; o++)
		if (case_outcome_from(case_outcome_name((enum case_outcome)o)) != o)
			return 0;
	return case_state_from("sleeping") == -1 && case_state_from(NULL) == -1 &&
	       case_outcome_from("") == -1 && case_outcome_from("Solved") == -1;
}

int main(int argc, char **argv)
{
	static char now[PICTURE_BYTES], golden[PICTURE_BYTES];
	FILE *f;

	draw(now, sizeof(now));
	if (argc != 2 || strcmp(argv[1], "-") == 0) {
		fputs(now, stdout);
		return argc != 2;
	}
	f = fopen(argv[1], "r");
	if (!f || fread(golden, 1, sizeof(golden) - 1, f) == 0) {
		fprintf(stderr, "cannot read %s\n", argv[1]);
		return 1;
	}
	fclose(f);
	puts("1..2");
	printf("%s 1 - matrix as in tests/golden/case.txt\n", strcmp(now, golden) == 0 ? "ok" : "not ok");
	printf("%s 2 - names come back\n", names_come_back() ? "ok" : "not ok");
	return 0;
}

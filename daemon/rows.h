/* rows.h - rows of an answer of PostgreSQL as JSON of the contract, and as notices */
#ifndef LOKET_ROWS_H
#define LOKET_ROWS_H

#include "daemon/pg.h"
#include "lib/core/notice.h"

/* rows_object - a row as an object: column names are the keys, SQL NULL is left out. New reference */
json_t *rows_object(const struct op *op, int statement, int row);
/* rows_array - all rows. New reference */
json_t *rows_array(const struct op *op, int statement);
/* rows_array_of - of a statement for many: the rows whose first column, n, is this; without that column. New reference */
json_t *rows_array_of(const struct op *op, int statement, int n);
/* rows_masked - such a list, with BSN and IBAN masked unless p may see them. The same reference */
json_t *rows_masked(json_t *list, const struct principal *p);
/*
 * rows_text - the first max rows as a JSON array, masked unless p may see BSN and IBAN: what
 * rows_masked(rows_array()) would be, for lists of hundreds of rows, for which no objects are made returns
 * malloc, for api_answer_with
 */
char *rows_text(const struct op *op, int statement, int max, const struct principal *p);
/* rows_json - a column that is JSON; NULL when it is SQL NULL. Freed with the operation */
json_t *rows_json(const struct op *op, int statement, int row, const char *column);

/*
 * rows_publish - give the notices that a committed statement wrote to the event streams
 * in       the statement returned id, at, municipality, kind, case_id, agent, payload
 */
void rows_publish(const struct op *op, int statement);

#endif

/* html.h - what a person would read of HTML, as plain text */
#ifndef LOKET_HTML_H
#define LOKET_HTML_H

#include "lib/base/arena.h"

/*
 * html_text - tags dropped, block elements as line breaks, entities decoded; no parser, and never a browser
 *
 * in       HTML in UTF-8, well-formed or not
 * out      NFC, NUL-terminated, at most max_bytes, without blanks around it; never NULL. Blanks are one
 *          blank, empty lines one empty line, lines within <pre> as they are; "- " before an item of a list; "> "
 *          before each line of a <blockquote>. Scripts, styles, titles and comments are left out; of a link
 *          its text stays
 * cost     O(in.len), however hostile
 * source   html.spec.whatwg.org/multipage/parsing.html (tokenization; numeric references 0x80-0x9F) and
 *          named-characters.html, from general knowledge 2026-11-22; names beyond Latin-1, punctuation and
 *          currency stay as they are written
 */
char *html_text(struct arena *a, struct bytes in, size_t max_bytes);

#endif

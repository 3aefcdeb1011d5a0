/* counting.h - how long a post is by the rules of who publishes it */
#ifndef LOKET_COUNTING_H
#define LOKET_COUNTING_H

enum { COUNTING_LINK = 23 };

/*
 * counting_x - weighted characters of a post on X
 * in       NFC text
 * rules    U+0000-10FF, 2000-200D, 2010-201F and 2032-2037 count 1, an emoji sequence and everything else 2;
 *          http:// and https:// links 23. A name with a well-known ending ("dordrecht.nl/pas") is a link too: it
 *          counts 23 or, when that is more, its characters: what X does not take for a link must fit as well
 * source   docs.x.com/fundamentals/counting-characters and developer.x.com/en/docs/counting-characters, read
 *          2026-11-22
 */
int counting_x(const char *text);
/*
 * counting_mastodon - characters of a post on Mastodon: code points; http:// and https:// links 23
 * source   general knowledge 2026-11-22: Mastodon counts what is seen as one character once (so never more than
 *          this), and of a mention only the part before the second "@"
 */
int counting_mastodon(const char *text);

#endif

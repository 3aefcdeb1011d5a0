#include "lib/core/file_type.h"

#include <stdbool.h>
#include <string.h>

enum { NAME_BYTES = 100 };

/* source: the types of libmagic 5.44 (file --mime-type), looked at one by one, 2026-11-22 */
static const struct file_type types[] = {
	{ "image/jpeg", "image/jpeg", "jpg" },
	{ "image/png", "image/png", "png" },
	{ "image/gif", "image/gif", "gif" },
	{ "image/webp", "image/webp", "webp" },
	{ "image/heic", "image/heic", "heic" },
	{ "image/heif", "image/heif", "heif" },
	{ "image/avif", "image/avif", "avif" },
	{ "image/tiff", "image/tiff", "tiff" },
	{ "image/bmp", "image/bmp", "bmp" },
	{ "image/x-ms-bmp", "image/bmp", "bmp" },
	{ "audio/mpeg", "audio/mpeg", "mp3" },
	{ "audio/ogg", "audio/ogg", "ogg" },
	{ "audio/mp4", "audio/mp4", "m4a" },
	{ "audio/x-m4a", "audio/mp4", "m4a" },
	{ "audio/amr", "audio/amr", "amr" },
	{ "audio/AMR", "audio/amr", "amr" },
	{ "audio/aac", "audio/aac", "aac" },
	{ "audio/x-hx-aac-adts", "audio/aac", "aac" },
	{ "audio/wav", "audio/wav", "wav" },
	{ "audio/x-wav", "audio/wav", "wav" },
	{ "audio/flac", "audio/flac", "flac" },
	{ "video/mp4", "video/mp4", "mp4" },
	{ "video/3gpp", "video/3gpp", "3gp" },
	{ "video/quicktime", "video/quicktime", "mov" },
	{ "video/webm", "video/webm", "webm" },
	{ "video/ogg", "video/ogg", "ogv" },
	{ "application/ogg", "application/ogg", "ogg" },
	{ "application/pdf", "application/pdf", "pdf" },
	{ "text/plain", "text/plain; charset=utf-8", "txt" },
	{ "text/csv", "text/csv; charset=utf-8", "csv" },
	{ "text/calendar", "text/calendar; charset=utf-8", "ics" },
	{ "text/vcard", "text/vcard; charset=utf-8", "vcf" },
	{ "text/rtf", "application/rtf", "rtf" },
	{ "application/msword", "application/msword", "doc" },
	{ "application/vnd.ms-excel", "application/vnd.ms-excel", "xls" },
	{ "application/vnd.ms-powerpoint", "application/vnd.ms-powerpoint", "ppt" },
	{ "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
	  "application/vnd.openxmlformats-officedocument.wordprocessingml.document", "docx" },
	{ "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
	  "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx" },
	{ "application/vnd.openxmlformats-officedocument.presentationml.presentation",
	  "application/vnd.openxmlformats-officedocument.presentationml.presentation", "pptx" },
	{ "application/vnd.oasis.opendocument.text", "application/vnd.oasis.opendocument.text", "odt" },
	{ "application/vnd.oasis.opendocument.spreadsheet", "application/vnd.oasis.opendocument.spreadsheet", "ods" },
	{ "application/vnd.oasis.opendocument.presentation", "application/vnd.oasis.opendocument.presentation", "odp" },
};

const struct file_type *file_type_find(const char *found)
{
	for (size_t i = 0; found && i < sizeof types / sizeof *types; i++)
		if (!strcmp(types[i].found, found))
			return &types[i];
	return NULL;
}

static bool is_plain(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

/* of the last part of a path: letters and digits of ASCII stay, the rest becomes one "_" */
const char *file_type_name(struct arena *a, const struct file_type *t, const char *name)
{
	const char *s = name ? name : "", *end, *slash;
	char safe[NAME_BYTES + 1] = "";
	size_t n = 0;

	while ((slash = strpbrk(s, "/\\")) != NULL)
		s = slash + 1;
	end = strrchr(s, '.');
	if (!end || end == s)
		end = s + strlen(s);
	for (; s < end && n < NAME_BYTES; s++)
		if (is_plain(*s))
			safe[n++] = *s;
		else if (n && safe[n - 1] != '_')
			safe[n++] = '_';
	while (n && safe[n - 1] == '_')
		n--;
	safe[n] = '\0';
	return arena_printf(a, "%s%s.%s", n ? "" : "file", safe, t->ending);
}

const char *file_type_disposition(struct arena *a, const struct file_type *t, const char *name)
{
	return arena_printf(a, "Content-Disposition: attachment; filename=\"%s\"", file_type_name(a, t, name));
}

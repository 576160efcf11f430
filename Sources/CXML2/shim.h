#include <libxml/xmlversion.h>
// Where libxml2 uses ICU, its headers include ICU's, which clash with Foundation's own copy in any module that
// imports both. Only the layout of the converters depends on it, and those are never touched here.
#undef LIBXML_ICU_ENABLED
#include <libxml/xmlreader.h>
#include <libxml/xmlwriter.h>

// A callback into Swift would need the variadic generic error type; the structured one is fixed.
static inline const char *cxml2_message(const xmlError *error) { return error && error->message ? error->message : ""; }
static inline int cxml2_line(const xmlError *error) { return error ? error->line : 0; }

#include <libxml/xmlversion.h>
// Where libxml2 was built with ICU its headers pull in ICU's, which clash with the copy in Swift's Foundation. They
// declare nothing used here.
#undef LIBXML_ICU_ENABLED
#include <libxml/xmlreader.h>
#include <libxml/xmlwriter.h>

// A callback into Swift would need the variadic generic error type; the structured one is fixed.
static inline const char *cxml2_message(const xmlError *error) { return error && error->message ? error->message : ""; }
static inline int cxml2_line(const xmlError *error) { return error ? error->line : 0; }

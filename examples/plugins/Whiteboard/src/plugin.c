#define SAMPLE_COMPONENT "WebViewHandlerManager"
#include "../../sample-plugin.h"

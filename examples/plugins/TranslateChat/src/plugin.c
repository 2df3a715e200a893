#define SAMPLE_COMPONENT "ChatHandlerManager"
#include "../../sample-plugin.h"

#define SAMPLE_COMPONENT "CallMediaHandlerManager"
#include "../../sample-plugin.h"

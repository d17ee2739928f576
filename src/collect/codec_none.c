#include "collect/codec_priv.h"

const struct collect_codec collect_codec_none = {.name = "none"};

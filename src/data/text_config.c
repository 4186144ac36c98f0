// SPDX-License-Identifier: MIT
/* How text is read when nothing else is said. */
#include <recur/text.h>

recur_text_config recur_text_defaults(void)
{
    return (recur_text_config){.unit = RECUR_UNIT_WORD, .min_count = 1, .normalise = RECUR_NORMAL_NFC};
}

recur_labelled_config recur_labelled_defaults(void)
{
    return (recur_labelled_config){.text = "text", .label = "label", .header = true};
}

recur_paired_config recur_paired_defaults(void)
{
    return (recur_paired_config){.source = "1", .target = "2"};
}

recur_tagged_config recur_tagged_defaults(void)
{
    return (recur_tagged_config){.format = RECUR_TAGGED_AUTO};
}

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SAKER_VERBS_H
#define SAKER_VERBS_H

/* Each parses its options (argv[0] is the verb), works, returns the exit status. */
int verb_replay(int argc, char **argv);
int verb_info(int argc, char **argv);
int verb_verify(int argc, char **argv);
int verb_cut(int argc, char **argv);
int verb_merge(int argc, char **argv);
int verb_convert(int argc, char **argv);

#endif

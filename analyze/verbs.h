/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SAKER_ANALYZE_VERBS_H
#define SAKER_ANALYZE_VERBS_H

/* Each parses its options (argv[0] is the verb), works, returns the exit status. */
int verb_analyze(int argc, char **argv);
int verb_live(int argc, char **argv);
int verb_browse(int argc, char **argv);
int verb_lint(int argc, char **argv);
int verb_test(int argc, char **argv);
int verb_why(int argc, char **argv);
int verb_fmt(int argc, char **argv);
int verb_shrink(int argc, char **argv);
int verb_convert_rules(int argc, char **argv);

#endif

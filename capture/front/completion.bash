# SPDX-License-Identifier: Apache-2.0
# Completion of saker: verbs from saker --help, options from saker VERB --help=words.
_saker() {
	local word=${COMP_WORDS[COMP_CWORD]} verb=${COMP_WORDS[1]}
	COMPREPLY=()
	if [ "$COMP_CWORD" -eq 1 ]; then
		mapfile -t COMPREPLY < <(compgen -W \
			"$(saker --help 2>/dev/null | sed -n 's/^  \([a-z-]*\) .*/\1/p')" -- "$word")
	elif [[ $word == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$(saker "$verb" --help=words 2>/dev/null)" -- "$word")
		[[ ${COMPREPLY[0]-} != *= ]] || compopt -o nospace
	else
		mapfile -t COMPREPLY < <(compgen -f -- "$word")
		compopt -o filenames
	fi
}
complete -F _saker saker

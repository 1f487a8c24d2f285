# bash completion for pvcctl                            -*- shell-script -*-
# Made by npm run docs from src/pvcctl/cli/table.ts; do not edit.

_pvcctl_nodes () { "${pvcctl[@]}" list --quiet 2> /dev/null; }

_pvcctl () {
  # COMP_WORDS would take an address apart at its colons.
  local line=${COMP_LINE:0:COMP_POINT} words index word command= positional=0
  read -ra words <<< "$line"
  [[ $line == *[[:space:]] ]] && words+=('')
  local last=$((${#words[@]} - 1))
  local current=${words[last]} previous=${words[last - 1]} pvcctl=("${words[0]}") prefix=
  COMPREPLY=()
  if [[ $current == --*=* ]]; then
    previous=${current%%=*} current=${current#*=}
    # Else bash replaces only what is behind the sign.
    [[ $COMP_WORDBREAKS == *=* ]] || prefix=$previous=
  fi
  for ((index = 1; index < last; index++)); do
    word=${words[index]}
    case $word in
      --api|--config|--key-file|--ca-file|--cert-file|--cert-key-file|--api-timeout) pvcctl+=("$word" "${words[index + 1]}"); index=$((index + 1)) ;;
      --api=*|--config=*|--key-file=*|--ca-file=*|--cert-file=*|--cert-key-file=*|--api-timeout=*) pvcctl+=("$word") ;;
      --to|--from|--reason|--timeout|--force|--if-epoch|--exec|--event|--limit|--before|--confirm) index=$((index + 1)) ;;
      -*) ;;
      *) if [ -z "$command" ]; then command=$word; else positional=$((positional + 1)); fi ;;
    esac
  done
  case $previous in
    --api) COMPREPLY=(); return ;;
    --config) compopt -o filenames 2> /dev/null; COMPREPLY=($(compgen -P "$prefix" -f -- "$current")); return ;;
    --key-file) compopt -o filenames 2> /dev/null; COMPREPLY=($(compgen -P "$prefix" -f -- "$current")); return ;;
    --ca-file) compopt -o filenames 2> /dev/null; COMPREPLY=($(compgen -P "$prefix" -f -- "$current")); return ;;
    --cert-file) compopt -o filenames 2> /dev/null; COMPREPLY=($(compgen -P "$prefix" -f -- "$current")); return ;;
    --cert-key-file) compopt -o filenames 2> /dev/null; COMPREPLY=($(compgen -P "$prefix" -f -- "$current")); return ;;
    --api-timeout) COMPREPLY=(); return ;;
    --to) COMPREPLY=($(compgen -P "$prefix" -W "$(_pvcctl_nodes)" -- "$current")); return ;;
    --from) COMPREPLY=($(compgen -P "$prefix" -W "$(_pvcctl_nodes)" -- "$current")); return ;;
    --reason) COMPREPLY=(); return ;;
    --timeout) COMPREPLY=(); return ;;
    --force) COMPREPLY=($(compgen -P "$prefix" -W "health priority resources" -- "$current")); return ;;
    --if-epoch) COMPREPLY=(); return ;;
    --exec) COMPREPLY=($(compgen -P "$prefix" -c -- "$current")); return ;;
    --event) COMPREPLY=($(compgen -P "$prefix" -W "node primary switchover resync" -- "$current")); return ;;
    --limit) COMPREPLY=(); return ;;
    --before) COMPREPLY=(); return ;;
    --confirm) COMPREPLY=($(compgen -P "$prefix" -W "$(_pvcctl_nodes)" -- "$current")); return ;;
  esac
  case $command in
    '') COMPREPLY=($(compgen -W "list status switch watch history show eligible pause resume confirm-fence remove-node check completion --api --config --key-file --ca-file --cert-file --cert-key-file --api-timeout --json --verbose -v --help -h --version" -- "$current")) ;;
    list) if [[ $current == -* ]]; then COMPREPLY=($(compgen -W "--quiet -q --api --config --key-file --ca-file --cert-file --cert-key-file --api-timeout --json --verbose -v --help -h --version" -- "$current")); else COMPREPLY=($(compgen -W "--quiet -q --api --config --key-file --ca-file --cert-file --cert-key-file --api-timeout --json --verbose -v --help -h --version" -- "$current")); fi ;;
    status) if [[ $current == -* ]]; then COMPREPLY=($(compgen -W "--api --config --key-file --ca-file --cert-file --cert-key-file --api-timeout --json --verbose -v --help -h --version" -- "$current")); else COMPREPLY=($(compgen -W "--api --config --key-file --ca-file --cert-file --cert-key-file --api-timeout --json --verbose -v --help -h --version" -- "$current")); fi ;;
    switch) if [[ $current == -* ]]; then COMPREPLY=($(compgen -W "--to --from --reason --timeout --force --if-epoch --wait -w --dry-run -n --api --config --key-file --ca-file --cert-file --cert-key-file --api-timeout --json --verbose -v --help -h --version" -- "$current")); else COMPREPLY=($(compgen -W "--to --from --reason --timeout --force --if-epoch --wait -w --dry-run -n --api --config --key-file --ca-file --cert-file --cert-key-file --api-timeout --json --verbose -v --help -h --version" -- "$current")); fi ;;
    watch) if [[ $current == -* ]]; then COMPREPLY=($(compgen -W "--exec --event --api --config --key-file --ca-file --cert-file --cert-key-file --api-timeout --json --verbose -v --help -h --version" -- "$current")); else COMPREPLY=($(compgen -W "--exec --event --api --config --key-file --ca-file --cert-file --cert-key-file --api-timeout --json --verbose -v --help -h --version" -- "$current")); fi ;;
    history) if [[ $current == -* ]]; then COMPREPLY=($(compgen -W "--limit --before --each --api --config --key-file --ca-file --cert-file --cert-key-file --api-timeout --json --verbose -v --help -h --version" -- "$current")); else COMPREPLY=($(compgen -W "--limit --before --each --api --config --key-file --ca-file --cert-file --cert-key-file --api-timeout --json --verbose -v --help -h --version" -- "$current")); fi ;;
    show) if [[ $current == -* ]]; then COMPREPLY=($(compgen -W "--wait -w --api --config --key-file --ca-file --cert-file --cert-key-file --api-timeout --json --verbose -v --help -h --version" -- "$current")); elif [ "$positional" -eq 0 ]; then COMPREPLY=(); fi ;;
    eligible) if [[ $current == -* ]]; then COMPREPLY=($(compgen -W "--api --config --key-file --ca-file --cert-file --cert-key-file --api-timeout --json --verbose -v --help -h --version" -- "$current")); else COMPREPLY=($(compgen -W "--api --config --key-file --ca-file --cert-file --cert-key-file --api-timeout --json --verbose -v --help -h --version" -- "$current")); fi ;;
    pause) if [[ $current == -* ]]; then COMPREPLY=($(compgen -W "--api --config --key-file --ca-file --cert-file --cert-key-file --api-timeout --json --verbose -v --help -h --version" -- "$current")); else COMPREPLY=($(compgen -W "--api --config --key-file --ca-file --cert-file --cert-key-file --api-timeout --json --verbose -v --help -h --version" -- "$current")); fi ;;
    resume) if [[ $current == -* ]]; then COMPREPLY=($(compgen -W "--api --config --key-file --ca-file --cert-file --cert-key-file --api-timeout --json --verbose -v --help -h --version" -- "$current")); else COMPREPLY=($(compgen -W "--api --config --key-file --ca-file --cert-file --cert-key-file --api-timeout --json --verbose -v --help -h --version" -- "$current")); fi ;;
    confirm-fence) if [[ $current == -* ]]; then COMPREPLY=($(compgen -W "--confirm --api --config --key-file --ca-file --cert-file --cert-key-file --api-timeout --json --verbose -v --help -h --version" -- "$current")); elif [ "$positional" -eq 0 ]; then COMPREPLY=($(compgen -P "$prefix" -W "$(_pvcctl_nodes)" -- "$current")); fi ;;
    remove-node) if [[ $current == -* ]]; then COMPREPLY=($(compgen -W "--yes -y --api --config --key-file --ca-file --cert-file --cert-key-file --api-timeout --json --verbose -v --help -h --version" -- "$current")); elif [ "$positional" -eq 0 ]; then COMPREPLY=($(compgen -P "$prefix" -W "$(_pvcctl_nodes)" -- "$current")); fi ;;
    check) if [[ $current == -* ]]; then COMPREPLY=($(compgen -W "--api --config --key-file --ca-file --cert-file --cert-key-file --api-timeout --json --verbose -v --help -h --version" -- "$current")); else COMPREPLY=($(compgen -W "--api --config --key-file --ca-file --cert-file --cert-key-file --api-timeout --json --verbose -v --help -h --version" -- "$current")); fi ;;
    completion) if [[ $current == -* ]]; then COMPREPLY=($(compgen -W "--api --config --key-file --ca-file --cert-file --cert-key-file --api-timeout --json --verbose -v --help -h --version" -- "$current")); elif [ "$positional" -eq 0 ]; then COMPREPLY=($(compgen -P "$prefix" -W "bash zsh fish" -- "$current")); fi ;;
  esac
}

complete -F _pvcctl pvcctl

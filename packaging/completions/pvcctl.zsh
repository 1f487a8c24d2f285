#compdef pvcctl
# Made by npm run docs from src/pvcctl/cli/table.ts; do not edit.

_pvcctl_nodes () {
  local -a given nodes
  local option
  for option in --api --config --key-file --ca-file --cert-file --cert-key-file --api-timeout; do
    [[ -n ${opt_args[$option]} ]] && given+=($option ${(Q)opt_args[$option]})
  done
  nodes=(${(f)"$(pvcctl $given list --quiet 2> /dev/null)"})
  compadd -a nodes
}

_pvcctl () {
  local context state state_descr line
  typeset -A opt_args
  local -a commands
  commands=(
    'list:list the nodes with their states'
    'status:show the primary, the cluster'\''s health, and every condition with what to do about it'
    'switch:move the primary role'
    'watch:follow what happens, and run a command for each event'
    'history:list the switchovers, the newest first'
    'show:show one switchover with everything that happened in it'
    'eligible:show which coordinators may be made primary, and why the others may not'
    'pause:switch maintenance mode on\: no node is fenced'
    'resume:switch maintenance mode off'
    'confirm-fence:vouch that a dead node is down, so that another may take over'
    'remove-node:remove a stopped or fenced node from the cluster, with its log and its faults'
    'check:report the health of the cluster to Nagios or Icinga'
    'completion:print the completion script for bash, zsh or fish'
  )
  _arguments -C \
        '*--api=[the address of a pvcapid; may be given several times, in the order in which they are asked]:URL:_urls' \
        '--config=[read this configuration file, and no other]:FILE:_files' \
        '--key-file=[the file that holds the API key]:FILE:_files' \
        '--ca-file=[the certificates of the authorities that are trusted instead of the system'\''s]:FILE:_files' \
        '--cert-file=[the client certificate to present]:FILE:_files' \
        '--cert-key-file=[the private key of the client certificate]:FILE:_files' \
        '--api-timeout=[how long an API may take to answer before the next is asked; 5 unless given]:SECONDS: ' \
        '--json[print the JSON of the API, unchanged]' \
        '(-v --verbose)'{-v,--verbose}'[say on standard error which API is asked, and which do not answer]' \
        '(-h --help)'{-h,--help}'[print help, on a command if one is named, and exit]' \
        '--version[print the version and exit]' \
        '1: :->command' \
        '*:: :->argument'
  case $state in
    command) _describe -t commands command commands ;;
    argument)
      case $line[1] in
        list) _arguments \
        '(-q --quiet)'{-q,--quiet}'[print the names alone, one on a line; not with --json]' \
        '*--api=[the address of a pvcapid; may be given several times, in the order in which they are asked]:URL:_urls' \
        '--config=[read this configuration file, and no other]:FILE:_files' \
        '--key-file=[the file that holds the API key]:FILE:_files' \
        '--ca-file=[the certificates of the authorities that are trusted instead of the system'\''s]:FILE:_files' \
        '--cert-file=[the client certificate to present]:FILE:_files' \
        '--cert-key-file=[the private key of the client certificate]:FILE:_files' \
        '--api-timeout=[how long an API may take to answer before the next is asked; 5 unless given]:SECONDS: ' \
        '--json[print the JSON of the API, unchanged]' \
        '(-v --verbose)'{-v,--verbose}'[say on standard error which API is asked, and which do not answer]' \
        '(-h --help)'{-h,--help}'[print help, on a command if one is named, and exit]' \
        '--version[print the version and exit]' ;;
        status) _arguments \
        '*--api=[the address of a pvcapid; may be given several times, in the order in which they are asked]:URL:_urls' \
        '--config=[read this configuration file, and no other]:FILE:_files' \
        '--key-file=[the file that holds the API key]:FILE:_files' \
        '--ca-file=[the certificates of the authorities that are trusted instead of the system'\''s]:FILE:_files' \
        '--cert-file=[the client certificate to present]:FILE:_files' \
        '--cert-key-file=[the private key of the client certificate]:FILE:_files' \
        '--api-timeout=[how long an API may take to answer before the next is asked; 5 unless given]:SECONDS: ' \
        '--json[print the JSON of the API, unchanged]' \
        '(-v --verbose)'{-v,--verbose}'[say on standard error which API is asked, and which do not answer]' \
        '(-h --help)'{-h,--help}'[print help, on a command if one is named, and exit]' \
        '--version[print the version and exit]' ;;
        switch) _arguments \
        '--to=[the node that is to be primary]:NODE:_pvcctl_nodes' \
        '--from=[the node that has to be primary for this to be done; without --to any other coordinator that contends by itself takes over]:NODE:_pvcctl_nodes' \
        '--reason=[kept in the record of the switchover]:TEXT: ' \
        '--timeout=[the bound of the switchover; the cluster rolls it back after that]:SECONDS: ' \
        '*--force=[override this preference of nodes\: health (min_health), resources (that the node is configured without) or, with --from alone, priority (priority 0); never what is safety]:PREFERENCE:(health priority resources)' \
        '--if-epoch=[only if the present epoch is this one]:EPOCH: ' \
        '(-w --wait)'{-w,--wait}'[follow the switchover until it has ended; progress is shown on a terminal]' \
        '(-n --dry-run)'{-n,--dry-run}'[have the request judged as for real, and write nothing; not with --wait]' \
        '*--api=[the address of a pvcapid; may be given several times, in the order in which they are asked]:URL:_urls' \
        '--config=[read this configuration file, and no other]:FILE:_files' \
        '--key-file=[the file that holds the API key]:FILE:_files' \
        '--ca-file=[the certificates of the authorities that are trusted instead of the system'\''s]:FILE:_files' \
        '--cert-file=[the client certificate to present]:FILE:_files' \
        '--cert-key-file=[the private key of the client certificate]:FILE:_files' \
        '--api-timeout=[how long an API may take to answer before the next is asked; 5 unless given]:SECONDS: ' \
        '--json[print the JSON of the API, unchanged]' \
        '(-v --verbose)'{-v,--verbose}'[say on standard error which API is asked, and which do not answer]' \
        '(-h --help)'{-h,--help}'[print help, on a command if one is named, and exit]' \
        '--version[print the version and exit]' ;;
        watch) _arguments \
        '--exec=[run this shell command for each event, the event as JSON on its standard input; not with --json]:COMMAND:_command_names -e' \
        '*--event=[only these events]:EVENT:(node primary switchover resync)' \
        '*--api=[the address of a pvcapid; may be given several times, in the order in which they are asked]:URL:_urls' \
        '--config=[read this configuration file, and no other]:FILE:_files' \
        '--key-file=[the file that holds the API key]:FILE:_files' \
        '--ca-file=[the certificates of the authorities that are trusted instead of the system'\''s]:FILE:_files' \
        '--cert-file=[the client certificate to present]:FILE:_files' \
        '--cert-key-file=[the private key of the client certificate]:FILE:_files' \
        '--api-timeout=[how long an API may take to answer before the next is asked; 5 unless given]:SECONDS: ' \
        '--json[print the JSON of the API, unchanged]' \
        '(-v --verbose)'{-v,--verbose}'[say on standard error which API is asked, and which do not answer]' \
        '(-h --help)'{-h,--help}'[print help, on a command if one is named, and exit]' \
        '--version[print the version and exit]' ;;
        history) _arguments \
        '--limit=[how many switchovers at most; 50 unless given]:COUNT: ' \
        '--before=[only switchovers with a smaller epoch]:EPOCH: ' \
        '--each[show automatic retries without success one by one]' \
        '*--api=[the address of a pvcapid; may be given several times, in the order in which they are asked]:URL:_urls' \
        '--config=[read this configuration file, and no other]:FILE:_files' \
        '--key-file=[the file that holds the API key]:FILE:_files' \
        '--ca-file=[the certificates of the authorities that are trusted instead of the system'\''s]:FILE:_files' \
        '--cert-file=[the client certificate to present]:FILE:_files' \
        '--cert-key-file=[the private key of the client certificate]:FILE:_files' \
        '--api-timeout=[how long an API may take to answer before the next is asked; 5 unless given]:SECONDS: ' \
        '--json[print the JSON of the API, unchanged]' \
        '(-v --verbose)'{-v,--verbose}'[say on standard error which API is asked, and which do not answer]' \
        '(-h --help)'{-h,--help}'[print help, on a command if one is named, and exit]' \
        '--version[print the version and exit]' ;;
        show) _arguments \
        '(-w --wait)'{-w,--wait}'[follow the switchover until it has ended; progress is shown on a terminal]' \
        '*--api=[the address of a pvcapid; may be given several times, in the order in which they are asked]:URL:_urls' \
        '--config=[read this configuration file, and no other]:FILE:_files' \
        '--key-file=[the file that holds the API key]:FILE:_files' \
        '--ca-file=[the certificates of the authorities that are trusted instead of the system'\''s]:FILE:_files' \
        '--cert-file=[the client certificate to present]:FILE:_files' \
        '--cert-key-file=[the private key of the client certificate]:FILE:_files' \
        '--api-timeout=[how long an API may take to answer before the next is asked; 5 unless given]:SECONDS: ' \
        '--json[print the JSON of the API, unchanged]' \
        '(-v --verbose)'{-v,--verbose}'[say on standard error which API is asked, and which do not answer]' \
        '(-h --help)'{-h,--help}'[print help, on a command if one is named, and exit]' \
        '--version[print the version and exit]' \
        '1:EPOCH: ' ;;
        eligible) _arguments \
        '*--api=[the address of a pvcapid; may be given several times, in the order in which they are asked]:URL:_urls' \
        '--config=[read this configuration file, and no other]:FILE:_files' \
        '--key-file=[the file that holds the API key]:FILE:_files' \
        '--ca-file=[the certificates of the authorities that are trusted instead of the system'\''s]:FILE:_files' \
        '--cert-file=[the client certificate to present]:FILE:_files' \
        '--cert-key-file=[the private key of the client certificate]:FILE:_files' \
        '--api-timeout=[how long an API may take to answer before the next is asked; 5 unless given]:SECONDS: ' \
        '--json[print the JSON of the API, unchanged]' \
        '(-v --verbose)'{-v,--verbose}'[say on standard error which API is asked, and which do not answer]' \
        '(-h --help)'{-h,--help}'[print help, on a command if one is named, and exit]' \
        '--version[print the version and exit]' ;;
        pause) _arguments \
        '*--api=[the address of a pvcapid; may be given several times, in the order in which they are asked]:URL:_urls' \
        '--config=[read this configuration file, and no other]:FILE:_files' \
        '--key-file=[the file that holds the API key]:FILE:_files' \
        '--ca-file=[the certificates of the authorities that are trusted instead of the system'\''s]:FILE:_files' \
        '--cert-file=[the client certificate to present]:FILE:_files' \
        '--cert-key-file=[the private key of the client certificate]:FILE:_files' \
        '--api-timeout=[how long an API may take to answer before the next is asked; 5 unless given]:SECONDS: ' \
        '--json[print the JSON of the API, unchanged]' \
        '(-v --verbose)'{-v,--verbose}'[say on standard error which API is asked, and which do not answer]' \
        '(-h --help)'{-h,--help}'[print help, on a command if one is named, and exit]' \
        '--version[print the version and exit]' ;;
        resume) _arguments \
        '*--api=[the address of a pvcapid; may be given several times, in the order in which they are asked]:URL:_urls' \
        '--config=[read this configuration file, and no other]:FILE:_files' \
        '--key-file=[the file that holds the API key]:FILE:_files' \
        '--ca-file=[the certificates of the authorities that are trusted instead of the system'\''s]:FILE:_files' \
        '--cert-file=[the client certificate to present]:FILE:_files' \
        '--cert-key-file=[the private key of the client certificate]:FILE:_files' \
        '--api-timeout=[how long an API may take to answer before the next is asked; 5 unless given]:SECONDS: ' \
        '--json[print the JSON of the API, unchanged]' \
        '(-v --verbose)'{-v,--verbose}'[say on standard error which API is asked, and which do not answer]' \
        '(-h --help)'{-h,--help}'[print help, on a command if one is named, and exit]' \
        '--version[print the version and exit]' ;;
        confirm-fence) _arguments \
        '--confirm=[the name of the node once more; has to be given]:NODE:_pvcctl_nodes' \
        '*--api=[the address of a pvcapid; may be given several times, in the order in which they are asked]:URL:_urls' \
        '--config=[read this configuration file, and no other]:FILE:_files' \
        '--key-file=[the file that holds the API key]:FILE:_files' \
        '--ca-file=[the certificates of the authorities that are trusted instead of the system'\''s]:FILE:_files' \
        '--cert-file=[the client certificate to present]:FILE:_files' \
        '--cert-key-file=[the private key of the client certificate]:FILE:_files' \
        '--api-timeout=[how long an API may take to answer before the next is asked; 5 unless given]:SECONDS: ' \
        '--json[print the JSON of the API, unchanged]' \
        '(-v --verbose)'{-v,--verbose}'[say on standard error which API is asked, and which do not answer]' \
        '(-h --help)'{-h,--help}'[print help, on a command if one is named, and exit]' \
        '--version[print the version and exit]' \
        '1:NODE:_pvcctl_nodes' ;;
        remove-node) _arguments \
        '(-y --yes)'{-y,--yes}'[do not ask for confirmation; has to be given where standard input is no terminal]' \
        '*--api=[the address of a pvcapid; may be given several times, in the order in which they are asked]:URL:_urls' \
        '--config=[read this configuration file, and no other]:FILE:_files' \
        '--key-file=[the file that holds the API key]:FILE:_files' \
        '--ca-file=[the certificates of the authorities that are trusted instead of the system'\''s]:FILE:_files' \
        '--cert-file=[the client certificate to present]:FILE:_files' \
        '--cert-key-file=[the private key of the client certificate]:FILE:_files' \
        '--api-timeout=[how long an API may take to answer before the next is asked; 5 unless given]:SECONDS: ' \
        '--json[print the JSON of the API, unchanged]' \
        '(-v --verbose)'{-v,--verbose}'[say on standard error which API is asked, and which do not answer]' \
        '(-h --help)'{-h,--help}'[print help, on a command if one is named, and exit]' \
        '--version[print the version and exit]' \
        '1:NODE:_pvcctl_nodes' ;;
        check) _arguments \
        '*--api=[the address of a pvcapid; may be given several times, in the order in which they are asked]:URL:_urls' \
        '--config=[read this configuration file, and no other]:FILE:_files' \
        '--key-file=[the file that holds the API key]:FILE:_files' \
        '--ca-file=[the certificates of the authorities that are trusted instead of the system'\''s]:FILE:_files' \
        '--cert-file=[the client certificate to present]:FILE:_files' \
        '--cert-key-file=[the private key of the client certificate]:FILE:_files' \
        '--api-timeout=[how long an API may take to answer before the next is asked; 5 unless given]:SECONDS: ' \
        '--json[print the JSON of the API, unchanged]' \
        '(-v --verbose)'{-v,--verbose}'[say on standard error which API is asked, and which do not answer]' \
        '(-h --help)'{-h,--help}'[print help, on a command if one is named, and exit]' \
        '--version[print the version and exit]' ;;
        completion) _arguments \
        '*--api=[the address of a pvcapid; may be given several times, in the order in which they are asked]:URL:_urls' \
        '--config=[read this configuration file, and no other]:FILE:_files' \
        '--key-file=[the file that holds the API key]:FILE:_files' \
        '--ca-file=[the certificates of the authorities that are trusted instead of the system'\''s]:FILE:_files' \
        '--cert-file=[the client certificate to present]:FILE:_files' \
        '--cert-key-file=[the private key of the client certificate]:FILE:_files' \
        '--api-timeout=[how long an API may take to answer before the next is asked; 5 unless given]:SECONDS: ' \
        '--json[print the JSON of the API, unchanged]' \
        '(-v --verbose)'{-v,--verbose}'[say on standard error which API is asked, and which do not answer]' \
        '(-h --help)'{-h,--help}'[print help, on a command if one is named, and exit]' \
        '--version[print the version and exit]' \
        '1:SHELL:(bash zsh fish)' ;;
      esac ;;
  esac
}

_pvcctl "$@"

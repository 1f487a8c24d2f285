# fish completion for pvcctl
# Made by npm run docs from src/pvcctl/cli/table.ts; do not edit.

function __pvcctl_nodes
  set -l words (commandline -opc)
  set -l given
  for index in (seq 2 (count $words))
    if contains -- $words[$index] --api --config --key-file --ca-file --cert-file --cert-key-file --api-timeout
      set -a given $words[$index] $words[(math $index + 1)]
    else if string match -qr -- '^--(api|config|key-file|ca-file|cert-file|cert-key-file|api-timeout)=' $words[$index]
      set -a given $words[$index]
    end
  end
  pvcctl $given list --quiet 2> /dev/null
end

complete -c pvcctl -f
complete -c pvcctl -l api -x -d 'the address of a pvcapid; may be given several times, in the order in which they are asked'
complete -c pvcctl -l config -r -F -d 'read this configuration file, and no other'
complete -c pvcctl -l key-file -r -F -d 'the file that holds the API key'
complete -c pvcctl -l ca-file -r -F -d 'the certificates of the authorities that are trusted instead of the system\'s'
complete -c pvcctl -l cert-file -r -F -d 'the client certificate to present'
complete -c pvcctl -l cert-key-file -r -F -d 'the private key of the client certificate'
complete -c pvcctl -l api-timeout -x -d 'how long an API may take to answer before the next is asked; 5 unless given'
complete -c pvcctl -l json -d 'print the JSON of the API, unchanged'
complete -c pvcctl -s v -l verbose -d 'say on standard error which API is asked, and which do not answer'
complete -c pvcctl -s h -l help -d 'print help, on a command if one is named, and exit'
complete -c pvcctl -l version -d 'print the version and exit'
complete -c pvcctl -n 'not __fish_seen_subcommand_from list status switch watch history show eligible pause resume confirm-fence remove-node check completion' -a list -d 'list the nodes with their states'
complete -c pvcctl -n 'not __fish_seen_subcommand_from list status switch watch history show eligible pause resume confirm-fence remove-node check completion' -a status -d 'show the primary, the cluster\'s health, and every condition with what to do about it'
complete -c pvcctl -n 'not __fish_seen_subcommand_from list status switch watch history show eligible pause resume confirm-fence remove-node check completion' -a switch -d 'move the primary role'
complete -c pvcctl -n 'not __fish_seen_subcommand_from list status switch watch history show eligible pause resume confirm-fence remove-node check completion' -a watch -d 'follow what happens, and run a command for each event'
complete -c pvcctl -n 'not __fish_seen_subcommand_from list status switch watch history show eligible pause resume confirm-fence remove-node check completion' -a history -d 'list the switchovers, the newest first'
complete -c pvcctl -n 'not __fish_seen_subcommand_from list status switch watch history show eligible pause resume confirm-fence remove-node check completion' -a show -d 'show one switchover with everything that happened in it'
complete -c pvcctl -n 'not __fish_seen_subcommand_from list status switch watch history show eligible pause resume confirm-fence remove-node check completion' -a eligible -d 'show which coordinators may be made primary, and why the others may not'
complete -c pvcctl -n 'not __fish_seen_subcommand_from list status switch watch history show eligible pause resume confirm-fence remove-node check completion' -a pause -d 'switch maintenance mode on: no node is fenced'
complete -c pvcctl -n 'not __fish_seen_subcommand_from list status switch watch history show eligible pause resume confirm-fence remove-node check completion' -a resume -d 'switch maintenance mode off'
complete -c pvcctl -n 'not __fish_seen_subcommand_from list status switch watch history show eligible pause resume confirm-fence remove-node check completion' -a confirm-fence -d 'vouch that a dead node is down, so that another may take over'
complete -c pvcctl -n 'not __fish_seen_subcommand_from list status switch watch history show eligible pause resume confirm-fence remove-node check completion' -a remove-node -d 'remove a stopped or fenced node from the cluster, with its log and its faults'
complete -c pvcctl -n 'not __fish_seen_subcommand_from list status switch watch history show eligible pause resume confirm-fence remove-node check completion' -a check -d 'report the health of the cluster to Nagios or Icinga'
complete -c pvcctl -n 'not __fish_seen_subcommand_from list status switch watch history show eligible pause resume confirm-fence remove-node check completion' -a completion -d 'print the completion script for bash, zsh or fish'
complete -c pvcctl -n '__fish_seen_subcommand_from list' -s q -l quiet -d 'print the names alone, one on a line; not with --json'
complete -c pvcctl -n '__fish_seen_subcommand_from switch' -l to -x -a '(__pvcctl_nodes)' -d 'the node that is to be primary'
complete -c pvcctl -n '__fish_seen_subcommand_from switch' -l from -x -a '(__pvcctl_nodes)' -d 'the node that has to be primary for this to be done; without --to any other coordinator that contends by itself takes over'
complete -c pvcctl -n '__fish_seen_subcommand_from switch' -l reason -x -d 'kept in the record of the switchover'
complete -c pvcctl -n '__fish_seen_subcommand_from switch' -l timeout -x -d 'the bound of the switchover; the cluster rolls it back after that'
complete -c pvcctl -n '__fish_seen_subcommand_from switch' -l force -x -a 'health priority resources' -d 'override this preference of nodes: health (min_health), resources (that the node is configured without) or, with --from alone, priority (priority 0); never what is safety'
complete -c pvcctl -n '__fish_seen_subcommand_from switch' -l if-epoch -x -d 'only if the present epoch is this one'
complete -c pvcctl -n '__fish_seen_subcommand_from switch' -s w -l wait -d 'follow the switchover until it has ended; progress is shown on a terminal'
complete -c pvcctl -n '__fish_seen_subcommand_from switch' -s n -l dry-run -d 'have the request judged as for real, and write nothing; not with --wait'
complete -c pvcctl -n '__fish_seen_subcommand_from watch' -l exec -x -a '(__fish_complete_command)' -d 'run this shell command for each event, the event as JSON on its standard input; not with --json'
complete -c pvcctl -n '__fish_seen_subcommand_from watch' -l event -x -a 'node primary switchover resync' -d 'only these events'
complete -c pvcctl -n '__fish_seen_subcommand_from history' -l limit -x -d 'how many switchovers at most; 50 unless given'
complete -c pvcctl -n '__fish_seen_subcommand_from history' -l before -x -d 'only switchovers with a smaller epoch'
complete -c pvcctl -n '__fish_seen_subcommand_from history' -l each -d 'show automatic retries without success one by one'
complete -c pvcctl -n '__fish_seen_subcommand_from show' -s w -l wait -d 'follow the switchover until it has ended; progress is shown on a terminal'
complete -c pvcctl -n '__fish_seen_subcommand_from confirm-fence' -l confirm -x -a '(__pvcctl_nodes)' -d 'the name of the node once more; has to be given'
complete -c pvcctl -n '__fish_seen_subcommand_from confirm-fence' -x -a '(__pvcctl_nodes)'
complete -c pvcctl -n '__fish_seen_subcommand_from remove-node' -s y -l yes -d 'do not ask for confirmation; has to be given where standard input is no terminal'
complete -c pvcctl -n '__fish_seen_subcommand_from remove-node' -x -a '(__pvcctl_nodes)'
complete -c pvcctl -n '__fish_seen_subcommand_from completion' -x -a 'bash zsh fish'

# shellcheck shell=bash
# Background processes with a pid file: sourced by the start and stop scripts, never run.
#
# A process has a name. $RUN/NAME.pid holds its pid and the instant of its birth as the system tells
# it, so that a pid which went to somebody else, after a crash or a reboot, is never taken for ours;
# $RUN/NAME.log has what it says, and NAME.log.old what it said the time before.

say() { printf '%s\n' "$*"; }
die() { printf '%s\n' "$*" >&2; exit 1; }

# process_born PID: when the process was born, in whatever unit the system has; fails when there is
# none, or only a zombie that waits for its parent to look.
process_born() {
  local line fields
  if [ -r /proc/self/stat ]; then
    { read -r line <"/proc/$1/stat"; } 2>/dev/null || return 1
    read -ra fields <<<"${line##*) }" # the name before it may hold spaces
    [ "${fields[0]}" != Z ] && printf '%s\n' "${fields[19]}"
  else
    line=$(ps -o stat=,lstart= -p "$1") || return 1
    [ "${line:0:1}" != Z ] && printf '%s\n' "${line#* }"
  fi
}

# process_pid NAME: the pid, when the process that we started under this name still runs.
process_pid() {
  local pid born
  { read -r pid born <"$RUN/$1.pid"; } 2>/dev/null || return 1
  [ -n "$born" ] && [ "$(process_born "$pid")" = "$born" ] && printf '%s\n' "$pid"
}

# process_start NAME COMMAND…: starts it in a session of its own, so that neither Ctrl-C in this
# terminal nor closing it ends it.
process_start() {
  local name=$1 log=$RUN/$1.log new=setsid
  shift
  mkdir -p "$RUN"
  [ ! -e "$log" ] || mv -f "$log" "$log.old"
  command -v setsid >/dev/null || new=
  $new nohup "$@" >"$log" 2>&1 </dev/null &
  printf '%s %s\n' $! "$(process_born $!)" >"$RUN/$name.pid"
}

# process_stop NAME SECONDS: SIGTERM, and SIGKILL when that was not heard in time.
process_stop() {
  local pid tenths=$(($2 * 10))
  if ! pid=$(process_pid "$1"); then
    say "$1 is not running"
    rm -f "$RUN/$1.pid"
    return
  fi
  kill -TERM "$pid" 2>/dev/null || true
  while process_pid "$1" >/dev/null; do
    if ((tenths-- == 0)); then
      say "$1 (pid $pid) did not stop within $2 s: killing it"
      kill -KILL "$pid" 2>/dev/null || true
      sleep 0.2
      break
    fi
    sleep 0.1
  done
  rm -f "$RUN/$1.pid"
  say "$1 stopped"
}

# tcp_answers HOST PORT: whether somebody listens there.
tcp_answers() { (exec 3<>"/dev/tcp/$1/$2") 2>/dev/null; }

# http_status URL-PATH HOST PORT: the status code of a GET, or nothing. Not every machine has curl.
http_status() {
  local status
  {
    exec 3<>"/dev/tcp/$2/$3" && printf 'GET %s HTTP/1.0\r\n\r\n' "$1" >&3 && read -r -t 5 _ status _ <&3
    exec 3>&-
  } 2>/dev/null || return 0
  printf '%s\n' "${status:-}"
}

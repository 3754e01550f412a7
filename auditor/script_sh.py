r"""One POSIX sh script out of many fragments, for Linux and macOS.

What holds, and is tested under dash, bash and busybox sh:

* The whole script is one brace group, so that a script cut off anywhere runs nothing at all.
* Every fragment runs in a subshell of its own with an empty stdin; its stderr is dropped. A fragment may
  end with ``exec``, which saves a process.
* Its bytes travel unchanged between two lines that carry a random nonce, so that nothing it prints can
  pass for a frame.
* `dd` gathers the answers into few large writes: each small write costs one packet on the way back.
* A watchdog ends a fragment (exit status 142) that still runs at two of its rounds in a row, and everything
  that fragment started, nothing else. After two such fragments the rest is not asked any more.
"""

from collections.abc import Mapping

ROUND_S = 4
"""Seconds between two rounds of the watchdog; a fragment may take between one and two rounds."""

SLOW, SLOW_ROUND_S = "# slow", 8
"""A fragment that holds the line `SLOW` gets a watchdog of its own, whose rounds are so many seconds."""

TIMED_OUT = 142
"""Exit status of a fragment ended by the watchdog: 128 + SIGALRM."""

_FAMILY = {
    "linux": """cat /proc/[0-9]*/stat | awk '{ pid = $1; sub(/^.*[)] /, ""); print pid, $2 }'""",
    "macos": "ps -A -o pid= -o ppid=",
}

_CORE = r"""family() {
  @FAMILY@
}
victims() {
  family | awk -v me="$1" -v shell="$$" '
    { parent[$1] = $2 }
    END {
      top = parent[me]
      if (parent[top] != shell) exit
      for (pid in parent) if (parent[pid] == top && pid != me) job = pid
      if (!job) { print "none"; exit }
      print job
      for (pid in parent) {
        up = pid
        for (steps = 0; steps < 64 && (up in parent) && up != job; steps++) up = parent[up]
        if (up == job && pid != job) print pid
      }
    }'
}
watch() {
  me=$(exec sh -c 'echo $PPID')
  last=none
  round=$1
  while sleep "$round"; do
    set -- $(victims "$me")
    [ $# -gt 0 ] || exit 0
    if [ "$1" != none ] && [ "$1" = "$last" ]; then
      job=$1
      shift
      kill -STOP "$job" # or it would go on, and end us, before its children are gone
      [ $# -eq 0 ] || kill -KILL "$@"
      kill -ALRM "$job"
      kill -CONT "$job"
      set -- none
    fi
    last=$1
  done
}
run() {
  if [ "$late" -ge 2 ]; then
    status=@TIMED_OUT@
  else
    ( "$1" ) </dev/null
    status=$?
  fi
  [ "$status" -ne @TIMED_OUT@ ] || late=$((late + 1))
}
ask() {
  printf '\n%s ask %s\n' "$nonce" "$1"
  run "$2"
  printf '\n%s got %s %s\n' "$nonce" "$1" "$status"
}
@FRAGMENTS@
guard() {
  [ -z "$dog" ] || { kill "$dog"; wait "$dog"; }
  watch "$1" >/dev/null &
  dog=$!
}
asks() {
  late=0
  dog=
  guard @ROUND@
@ASKS@
  kill "$dog"
}
answers() {
  asks
  printf '\n%s end:true\n' "$nonce"
}
prepare() {
  PATH=/usr/bin:/bin:/usr/sbin:/sbin
  LC_ALL=C
  export PATH LC_ALL
  unset LANGUAGE IFS CDPATH ENV BASH_ENV
  umask 077
}
collect() {
  answers 2>/dev/null | dd ibs=32768 obs=65536 2>/dev/null
}"""

_FRAME = """\
# Collector of telework-auditor for @SYSTEM@. It only reads, and writes no file.
{
@CORE@
main() {
  prepare
  nonce=@NONCE@
  collect
}
main "$@" </dev/null
}
"""


def compose_sh(fragments: Mapping[str, str], system: str, nonce: str) -> str:
    """The script that answers every id of `fragments`, in their order; `system` is linux or macos."""
    frame = _FRAME.replace("@SYSTEM@", system).replace("@NONCE@", nonce)
    return frame.replace("@CORE@", core_sh(fragments, system))


def _asked(id_: str, function: str, fragment: str) -> str:
    """The lines that ask one fact."""
    ask = f"  ask {id_} {function}"
    if SLOW not in fragment.splitlines():
        return ask
    return f"  guard {SLOW_ROUND_S}\n{ask}\n  guard {ROUND_S}"


def core_sh(fragments: Mapping[str, str], system: str) -> str:
    """The functions ``prepare`` and ``collect``, which print the framed answers once ``nonce`` is set."""
    functions = "\n".join(
        f"# {id_}\nfact{nth}() {{\n:\n{fragment}\n}}" for nth, (id_, fragment) in enumerate(fragments.items())
    )
    asks = "\n".join(_asked(id_, f"fact{nth}", fragments[id_]) for nth, id_ in enumerate(fragments))
    filled = {
        "@FAMILY@": _FAMILY[system],
        "@ROUND@": str(ROUND_S),
        "@TIMED_OUT@": str(TIMED_OUT),
        "@ASKS@": asks,
        "@FRAGMENTS@": functions,
    }
    script = _CORE
    for mark, text in filled.items():
        script = script.replace(mark, text)
    return script

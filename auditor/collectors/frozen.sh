say() {
  printf 'collector: %s\n' "$*" >&2
}
usage() {
  say "options: --bundle DIR [--asset ID] [--key FILE | --officer-key FILE] [--state DIR]"
  say "     or: --selftest [--bundle DIR] [--key FILE | --officer-key FILE] [--state DIR]"
  say "without options the answers are printed"
}
options() {
  tw_selftest='' tw_dir='' tw_key='' tw_state='' tw_asset=''
  while [ $# -gt 0 ]; do
    case $1 in
      --selftest) tw_selftest=yes ;;
      --bundle | --asset | --key | --officer-key | --state)
        [ -n "$2" ] || { say "$1 needs a value"; return 2; }
        case $1 in
          --bundle) tw_dir=$2 ;;
          --asset) tw_asset=$2 ;;
          --state) tw_state=$2 ;;
          *) tw_key=$2 ;;
        esac
        shift
        ;;
      *) usage; return 2 ;;
    esac
    shift
  done
  case $tw_asset in
    [!A-Za-z0-9]* | *[!A-Za-z0-9._-]*) say "--asset: letters, digits and . _ - only"; return 2 ;;
  esac
  [ ${#tw_asset} -le 64 ] || { say "--asset: at most 64 characters"; return 2; }
  tw_dir=$(rooted "$tw_dir") tw_key=$(rooted "$tw_key") tw_state=$(rooted "${tw_state:-@STATE@}")
}
rooted() {
  case $1 in -*) printf './%s' "$1" ;; *) printf '%s' "$1" ;; esac
}
draw() {
  nonce=$(od -An -v -N16 -tx1 /dev/urandom 2>/dev/null | tr -d ' \n')
  case $nonce in *[!0-9a-f]*) nonce='' ;; esac
  [ ${#nonce} -eq 32 ] || { say "no random numbers: /dev/urandom and od are needed"; return 6; }
}
plain() {
  tr -d '\000"\\' | tr -cd ' -~' | sed 's/^ *//; s/ *$//' | cut -c "1-$1"
}
encode() {
  if command -v base64 >/dev/null; then
    base64
  elif command -v openssl >/dev/null; then
    openssl base64
  else
    od -An -v -tu1 | awk '
      function put(value, signs) {
        text = ""
        for (place = 262144; place >= 1; place = place / 64) {
          text = text (signs-- > 0 ? substr(abc, int(value / place) % 64 + 1, 1) : "=")
        }
        printf "%s", text
      }
      BEGIN { abc = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/" }
      {
        for (nth = 1; nth <= NF; nth++) {
          held = held * 256 + $nth
          if (++count == 3) { put(held, 4); held = 0; count = 0 }
        }
      }
      END {
        if (count == 1) put(held * 65536, 2)
        if (count == 2) put(held * 256, 3)
      }'
  fi | tr -d '\r\n'
}
size() {
  ls -ln "$1" 2>/dev/null | awk '{ print $5 }'
}
machine() {
@MACHINE@
}
payload() {
  printf '{"schema":1,"asset":"%s","host":"%s",' "$tw_asset" "$tw_host"
  printf '"system":"@SYSTEM@","context":"@CONTEXT@",'
  printf '"machine_id":"%s","serial":"%s","sequence":%s,' "$tw_id" "$tw_serial" "$tw_next"
  printf '"collected_at":"%s","collector":"%s","version":"@VERSION@",' "$tw_now" "$collector"
  printf '"nonce":"%s","output":"' "$nonce"
  encode <"$tw_busy/output"
  printf '"}'
}
bundle() {
  printf '{"schema":1,"kind":"telework-auditor-bundle","payload":"'
  encode <"$tw_busy/payload"
  printf '","signature":"'
  [ ! -f "$tw_busy/payload.sig" ] || awk '{ sub(/\r$/, ""); printf "%s\\n", $0 }' "$tw_busy/payload.sig"
  printf '"}'
}
whole() {
  [ "$(tail -c 2 "$1" 2>/dev/null)" = '"}' ]
}
private() {
  [ -d "$1" ] || mkdir -p "$1" 2>/dev/null || { say "cannot make the state folder $1; name another by --state"; return 4; }
  set -- "$1" $(ls -ldn "$1" | awk '{ print $1, $3 }')
  case $2 in
    d????-??-*) [ "$3" != "$(id -u)" ] || return 0 ;;
  esac
  say "the state folder $1 is not ours alone: it must be a folder of this account, writable by nobody else"
  return 4
}
claim() {
  private "$tw_state" || return
  tw_lock=$tw_state/busy
  if ! mkdir "$tw_lock" 2>/dev/null; then
    tw_pid=''
    [ ! -r "$tw_lock/pid" ] || read -r tw_pid <"$tw_lock/pid"
    if [ -n "$(find "$tw_lock" -prune -mmin -30 2>/dev/null)" ] && kill -0 "${tw_pid:-0}" 2>/dev/null; then
      say "another run is at work in $tw_state"
      return 4
    fi
    rm -rf "$tw_lock"
    mkdir "$tw_lock" 2>/dev/null || { say "cannot write to the state folder $tw_state"; return 4; }
  fi
  tw_busy=$tw_lock
  printf '%s\n' "$$" 2>/dev/null >"$tw_busy/pid" || { say "cannot write to the state folder $tw_state"; return 4; }
}
leave() {
  [ -z "$tw_busy" ] || rm -rf "$tw_busy"
  [ -z "$tw_part" ] || rm -f "$tw_part"
}
number() {
  tw_count=0
  if [ -e "$tw_state/counter-@CONTEXT@" ]; then
    read -r tw_count <"$tw_state/counter-@CONTEXT@"
    case $tw_count in
      0?* | *[!0-9]* | '' | ??????????*)
        say "the counter $tw_state/counter-@CONTEXT@ is damaged; write the last bundle's number into it"
        return 4
        ;;
    esac
  fi
  tw_next=$((tw_count + 1))
  while [ -e "$tw_dir/$tw_host-@CONTEXT@-$tw_next.json" ]; do tw_next=$((tw_next + 1)); done
}
sign() {
  tw_default=/etc/ssh/ssh_host_ed25519_key
  tw_with=${tw_key:-$tw_default}
  tw_why=''
  if [ ! -r "$tw_with" ]; then
    tw_why="the key $tw_with cannot be read"
  elif ! command -v ssh-keygen >/dev/null; then
    tw_why="there is no ssh-keygen"
  else
    SSH_ASKPASS_REQUIRE=never ssh-keygen -Y sign -f "$tw_with" -n telework-auditor-evidence "$@" && return
    tw_why="ssh-keygen could not sign with $tw_with"
  fi
  return 1
}
signed() {
  sign "$tw_busy/payload" >/dev/null 2>"$tw_busy/why" && [ -s "$tw_busy/payload.sig" ] && return
  rm -f "$tw_busy/payload.sig"
  say "${tw_why:-the signature was not written}: $(plain 200 <"$tw_busy/why")"
  [ -z "$tw_key" ] || return 5
  say "the bundle goes out unsigned"
}
deliver() {
  tw_final=$tw_dir/$tw_host-@CONTEXT@-$tw_next.json
  tw_part=$tw_final.tmp
  rm -f "$tw_part" 2>"$tw_busy/why"
  if (umask 027 && set -C && cat "$tw_busy/bundle" >"$tw_part") 2>"$tw_busy/why" &&
    [ "$(size "$tw_part")" = "$(size "$tw_busy/bundle")" ] &&
    [ ! -e "$tw_final" ] && mv -f "$tw_part" "$tw_final" 2>"$tw_busy/why"; then
    tw_part=''
    return
  fi
  say "no bundle was written to $tw_dir: $(sed 's/^.*: //' "$tw_busy/why" | plain 200)"
  return 3
}
drop() {
  [ -d "$tw_dir" ] || { say "$tw_dir is not a folder that can be reached"; return 3; }
  tw_busy='' tw_part=''
  trap leave EXIT
  trap 'exit 130' HUP INT TERM
  claim && draw || return
  machine
  number || return
  tw_now=$(date -u +%Y-%m-%dT%H:%M:%SZ)
  collect >"$tw_busy/output"
  if ! tail -c 60 "$tw_busy/output" | grep -q "^$nonce end:true$" ||
    ! payload 2>/dev/null >"$tw_busy/payload" || ! whole "$tw_busy/payload"; then
    say "the answers could not be kept in $tw_state (is the disk full?)"
    return 4
  fi
  signed || return
  if ! bundle 2>/dev/null >"$tw_busy/bundle" || ! whole "$tw_busy/bundle" ||
    ! printf '%s\n' "$tw_next" 2>/dev/null >"$tw_busy/counter"; then
    say "the bundle could not be made in $tw_state (is the disk full?)"
    return 4
  fi
  deliver || return
  mv -f "$tw_busy/counter" "$tw_state/counter-@CONTEXT@" || { say "the counter could not be kept"; return 4; }
  printf '%s\n' "$tw_final"
}
hundredths() {
  if [ -r /proc/uptime ]; then
    read -r tw_up tw_rest </proc/uptime
    tw_up=${tw_up%.*}${tw_up#*.}
  else
    tw_up=$(date +%s)00
  fi
}
selftest() {
  bad=0
  ask() {
    hundredths
    began=$tw_up
    run "$2" >/dev/null
    hundredths
    case $status in
      0) word=ok ;;
      10) word=absent ;;
      11) word=denied bad=1 ;;
      12 | @TIMED_OUT@) word=timeout bad=1 ;;
      *) word="error($status)" bad=1 ;;
    esac
    printf 'fact      %-28s %-12s %s ms\n' "$1" "$word" "$(((tw_up - began) * 10))"
  }
  machine
  printf 'collector @VERSION@ for @SYSTEM@, @CONTEXT@ context, %s\n' "$collector"
  printf 'machine   host %s, id %s, serial %s\n' "$tw_host" "${tw_id:-not told}" "${tw_serial:-not told}"
  printf 'system    %s\n' "$(uname -srm)"
  printf 'shell     %s\n' "$(ls -l "/proc/$$/exe" 2>/dev/null | sed 's/.* -> //')${BASH_VERSION:+ bash $BASH_VERSION}"
  printf 'rights    uid %s (%s)\n' "$(id -u)" "$(id -un 2>/dev/null)"
  for tool in awk od dd tr sed base64 openssl ssh-keygen; do
    printf 'tool      %s: %s\n' "$tool" "$(command -v "$tool" || echo missing)"
  done
  asks
  if printf 'self-test' | sign 2>/dev/null | grep -q 'BEGIN SSH SIGNATURE'; then
    printf 'signing   works\n'
  else
    sign </dev/null >/dev/null 2>&1
    printf 'signing   does not work: %s\n' "${tw_why:-no signature came}"
    [ -z "$tw_key" ] || bad=1
  fi
  printf 'state     %s: %s\n' "$tw_state" "$(place "$tw_state")"
  [ -z "$tw_dir" ] || printf 'bundles   %s: %s\n' "$tw_dir" "$(place "$tw_dir")"
  [ -z "$tw_dir" ] || [ -d "$tw_dir" ] || bad=1
  printf 'verdict   %s\n' "$([ "$bad" = 0 ] && echo 'everything answered' || echo 'see denied, timeout and error above')"
  return "$bad"
}
place() {
  if [ ! -e "$1" ]; then echo "not there yet"; elif [ -w "$1" ]; then echo writable; else echo "not writable"; fi
}
main() {
  prepare
  options "$@" || return
  if [ -n "$tw_selftest" ]; then
    tw_told=$(selftest 2>/dev/null)
    tw_code=$?
    printf '%s\n' "$tw_told"
    return "$tw_code"
  elif [ -n "$tw_dir" ]; then
    drop
  else
    draw && collect
  fi
}

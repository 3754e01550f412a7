r"""One Windows PowerShell 5.1 script out of many fragments.

Parsed in tests by two grammars; never executed by its authors (the user documents say so). Statuses come
from exception types and HRESULTs, never from message text, which is Japanese on Japanese Windows.

A fragment's last value is its answer. Lists are returned as ``,@(...)`` so that none and one stay lists. It
must not call ``exit``, which would end the whole collection.

Where a policy restricts PowerShell (constrained language mode), .NET is closed. So the frame itself uses only
what that mode leaves open: core types, operators, CIM and provider cmdlets. A fragment that needs more fails
there, and whatever fails there is denied: neither "does not exist" nor an error can be told from "forbidden".
"""

import base64
import re
from collections.abc import Mapping

_BOOTSTRAP = (
    "$ProgressPreference='SilentlyContinue';$s=[Console]::In.ReadToEnd();"
    "if($s.TrimEnd().EndsWith('#EOF')){& ([scriptblock]::Create($s))}else{exit 97}"
)

_CORE = r"""$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'
$Full = [string]$ExecutionContext.SessionState.LanguageMode -eq 'FullLanguage'
Remove-TypeData -TypeName System.Array -ErrorAction SilentlyContinue
if ($Full) {
    $invariant = [System.Globalization.CultureInfo]::InvariantCulture
    [System.Threading.Thread]::CurrentThread.CurrentCulture = $invariant
}

function ConvertTo-Plain {
    param($Value, [int]$Depth)
    if ($null -eq $Value) { return $null }
    if ($Value -is [datetime]) {
        return $Value.ToUniversalTime().ToString('yyyy-MM-ddTHH:mm:ssZ', [cultureinfo]::InvariantCulture)
    }
    if ($Value -is [string] -or $Value -is [char] -or $Value -is [guid] -or $Value -is [version]) {
        return [string]$Value
    }
    if ($Value -is [timespan]) { return $Value.TotalSeconds }
    $next = $Depth + 1
    $map = @{}
    if ($Value -is [hashtable] -or ($Full -and $Value -is [System.Collections.IDictionary])) {
        if ($Depth -ge 7) { return [string]$Value }
        foreach ($key in $Value.Keys) { $map[[string]$key] = ConvertTo-Plain $Value[$key] $next }
        return $map
    }
    $kinds = @($Value.PSObject.TypeNames)
    if ($kinds -contains 'System.Enum') { return [int64]$Value }
    if ($kinds -contains 'System.ValueType') { return $Value.PSObject.BaseObject }
    if ($Depth -ge 7) { return [string]$Value }
    if ($kinds -contains 'System.Array' -or ($Full -and $Value -is [System.Collections.IEnumerable])) {
        $list = @(foreach ($item in $Value) { , (ConvertTo-Plain $item $next) })
        return , $list
    }
    foreach ($property in $Value.PSObject.Properties) {
        $map[$property.Name] = ConvertTo-Plain $property.Value $next
    }
    return $map
}

function ConvertTo-AsciiJson {
    param($Value)
    $plain = ConvertTo-Plain $Value 0
    if ($null -eq $plain) { return 'null' }
    $json = ConvertTo-Json -InputObject $plain -Depth 8 -Compress
    if ($json -cnotmatch '[^\x20-\x7e]') { return $json }
    $signs = foreach ($sign in $json.ToCharArray()) {
        $code = [int]$sign
        if ($code -ge 32 -and $code -le 126) { [string]$sign } else { '\u' + $code.ToString('x4') }
    }
    return -join $signs
}

function Get-FailureStatus {
    param($Failure)
    for ($depth = 0; $null -ne $Failure -and $depth -lt 6; $depth++) {
        $name = ([string]$Failure.PSObject.TypeNames[0] -split '\.')[-1]
        if ($Failure.HResult -eq -2147024891) { return 11 }
        if ($name -eq 'UnauthorizedAccessException' -or $name -eq 'SecurityException') { return 11 }
        if ($name -eq 'TimeoutException') { return 12 }
        if ($name -eq 'CimException' -and [int]$Failure.NativeErrorCode -eq 2) { return 11 }
        if (-not $Full) { return 11 }
        if ($name -eq 'CommandNotFoundException' -or $name -eq 'ItemNotFoundException') { return 10 }
        if ($name -eq 'CimException') {
            $code = [int]$Failure.NativeErrorCode
            if ($code -eq 3 -or $code -eq 5 -or $code -eq 6) { return 10 }
        }
        $Failure = $Failure.InnerException
    }
    return 1
}

function Send-Answer {
    param([string]$Id, $Fragment)
    $status = 0
    $json = ''
    $note = ''
    try {
        $values = @(& $Fragment)
        $last = $null
        if ($values.Count -gt 0) { $last = $values[$values.Count - 1] }
        $json = ConvertTo-AsciiJson $last
    } catch {
        $failure = $_.Exception
        $json = ''
        $status = Get-FailureStatus $failure
        $name = ([string]$failure.PSObject.TypeNames[0] -split '\.')[-1]
        $note = ' ' + $name + ':0x' + ([int]$failure.HResult).ToString('X8')
        if (-not $Full) { $note += ':' + [string]$ExecutionContext.SessionState.LanguageMode }
    }
    "`n$Nonce ask $Id`n" + $json + "`n$Nonce got $Id $status$note`n"
}

function Write-Frame {
    param([string]$Text)
    if ($Full) {
        [Console]::Out.Write($Text)
        [Console]::Out.Flush()
    } else {
        Write-Output $Text
    }
}

@SHARED@

function Get-Answers {
@ASKS@
    "`n$Nonce end:true`n"
}
"""

_FUNCTION = re.compile(r"\n*function (?P<name>[A-Za-z-]+)\([^\n]*\) \{\n(?:[ \t][^\n]*\n|\n)*\}\n")
"""A function that a fragment begins with; its lines are indented, its closing brace is not."""

_FRAME = r"""# Collector of telework-auditor for Windows PowerShell 5.1. It only reads.
@CORE@
$Nonce = '@NONCE@'
Get-Answers | ForEach-Object { Write-Frame $_ }
#EOF
"""


def compose_ps(fragments: Mapping[str, str], nonce: str) -> str:
    """The script that answers every id of `fragments`, in their order; each answer is pure-ASCII JSON."""
    return _FRAME.replace("@NONCE@", nonce).replace("@CORE@", core_ps(fragments))


def core_ps(fragments: Mapping[str, str]) -> str:
    """The functions: ``Get-Answers`` gives framed answers once ``$Nonce`` is set, ``Write-Frame`` prints."""
    shared, shortened = _hoisted(fragments)
    asks = "\n".join(f"Send-Answer '{id_}' {{\n{fragment}\n}}" for id_, fragment in shortened.items())
    return _CORE.replace("@SHARED@", shared).replace("@ASKS@", asks)


def _hoisted(fragments: Mapping[str, str]) -> tuple[str, dict[str, str]]:
    """The functions that fragments begin with, each once, and the fragments without them.

    A name that stands for two different functions stays where it is.
    """
    begins = {id_: match for id_, text in fragments.items() if (match := _FUNCTION.match(text))}
    texts: dict[str, set[str]] = {}
    for match in begins.values():
        texts.setdefault(match["name"], set()).add(match[0].strip())
    common = {name: text for name, (text, *others) in texts.items() if not others}
    shortened = {
        id_: text[match.end() :] if (match := begins.get(id_)) and match["name"] in common else text
        for id_, text in fragments.items()
    }
    return "\n\n".join(common[name] for name in sorted(common)), shortened


def windows_argv() -> tuple[str, ...]:
    """The command that reads a script from stdin and runs it only if it came whole.

    It means the same to cmd.exe, PowerShell and bash: no quotes, no ``$ % & | ^``, no spaces in arguments.
    """
    encoded = base64.b64encode(_BOOTSTRAP.encode("utf-16-le")).decode("ascii")
    return (
        "powershell.exe",
        "-NoProfile",
        "-NonInteractive",
        "-ExecutionPolicy",
        "Bypass",
        "-OutputFormat",
        "Text",
        "-EncodedCommand",
        encoded,
    )

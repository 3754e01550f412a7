r"""One Windows PowerShell 5.1 script out of many fragments.

Parsed in tests by two grammars; never executed by its authors (the user documents say so). Statuses come
from exception types and HRESULTs, never from message text, which is Japanese on Japanese Windows.

A fragment's last value is its answer. Lists are returned as ``,@(…)`` so that none and one stay lists. It
must not call ``exit``, which would end the whole collection.
"""

import base64
from collections.abc import Mapping

_BOOTSTRAP = (
    "$ProgressPreference='SilentlyContinue';$s=[Console]::In.ReadToEnd();"
    "if($s.TrimEnd().EndsWith('#EOF')){& ([scriptblock]::Create($s))}else{exit 97}"
)

_FRAME = r"""# Collector of telework-auditor for Windows PowerShell 5.1. It only reads.
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'
Remove-TypeData -TypeName System.Array -ErrorAction SilentlyContinue
$invariant = [System.Globalization.CultureInfo]::InvariantCulture
[System.Threading.Thread]::CurrentThread.CurrentCulture = $invariant

function ConvertTo-Plain {
    param($Value, [int]$Depth)
    if ($null -eq $Value) { return $null }
    if ($Value -is [datetime]) {
        return $Value.ToUniversalTime().ToString('yyyy-MM-ddTHH:mm:ssZ', $invariant)
    }
    if ($Value -is [enum]) { return [int64]$Value }
    if ($Value -is [string] -or $Value -is [char] -or $Value -is [guid] -or $Value -is [version]) {
        return [string]$Value
    }
    if ($Value -is [timespan]) { return $Value.TotalSeconds }
    if ($Value -is [System.ValueType]) { return $Value.PSObject.BaseObject }
    if ($Depth -ge 7) { return [string]$Value }
    $next = $Depth + 1
    if ($Value -is [System.Collections.IDictionary]) {
        $map = [ordered]@{}
        foreach ($key in $Value.Keys) { $map[[string]$key] = ConvertTo-Plain $Value[$key] $next }
        return $map
    }
    if ($Value -is [System.Collections.IEnumerable]) {
        $list = New-Object System.Collections.ArrayList
        foreach ($item in $Value) { [void]$list.Add((ConvertTo-Plain $item $next)) }
        return ,$list.ToArray()
    }
    $map = [ordered]@{}
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
    $escape = { param($found) '\u' + ([int][char]$found.Value).ToString('x4') }
    return [regex]::Replace($json, '[^\x20-\x7e]', $escape)
}

function Get-FailureStatus {
    param($Failure)
    for ($depth = 0; $null -ne $Failure -and $depth -lt 6; $depth++) {
        $name = $Failure.GetType().Name
        if ($Failure.HResult -eq -2147024891) { return 11 }
        if ($name -eq 'UnauthorizedAccessException' -or $name -eq 'SecurityException') { return 11 }
        if ($name -eq 'CommandNotFoundException' -or $name -eq 'ItemNotFoundException') { return 10 }
        if ($name -eq 'TimeoutException') { return 12 }
        if ($name -eq 'CimException') {
            $code = [int]$Failure.NativeErrorCode
            if ($code -eq 2) { return 11 }
            if ($code -eq 3 -or $code -eq 5 -or $code -eq 6) { return 10 }
        }
        $Failure = $Failure.InnerException
    }
    return 1
}

function Send-Answer {
    param([string]$Id, [scriptblock]$Fragment)
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
        $status = Get-FailureStatus $failure
        $note = ' ' + $failure.GetType().Name + ':0x' + $failure.HResult.ToString('X8')
    }
    $frame = "`n@NONCE@ ask " + $Id + "`n" + $json + "`n@NONCE@ got " + $Id + ' ' + $status + $note + "`n"
    [Console]::Out.Write($frame)
    [Console]::Out.Flush()
}

@ASKS@
[Console]::Out.Write("`n@NONCE@ end:true`n")
[Console]::Out.Flush()
#EOF
"""


def compose_ps(fragments: Mapping[str, str], nonce: str) -> str:
    """The script that answers every id of `fragments`, in their order; each answer is pure-ASCII JSON."""
    asks = "\n".join(f"Send-Answer '{id_}' {{\n{fragment}\n}}" for id_, fragment in fragments.items())
    return _FRAME.replace("@NONCE@", nonce).replace("@ASKS@", asks)


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

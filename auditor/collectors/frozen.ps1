@HEADER@
# Options: -Bundle DIR [-Asset ID] [-Key FILE | -OfficerKey FILE] [-State DIR] [-Force], or -SelfTest.
param(
    [string]$Bundle = '',
    [string]$Asset = '',
    [string]$Key = '',
    [string]$OfficerKey = '',
    [string]$State = '',
    [switch]$Force,
    [switch]$SelfTest
)
$Collector = '@UNSET@'
& {
@CORE@
function Write-Note {
    param([string]$Text)
    Write-Output "collector: $Text"
}

function ConvertTo-Base64 {
    param([string]$Text)
    if ($Full) { return [System.Convert]::ToBase64String([System.Text.Encoding]::ASCII.GetBytes($Text)) }
    $signs = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
    $left = $Text.Length % 3
    $padded = $Text
    if ($left -ne 0) { $padded = $Text + ('A' * (3 - $left)) }
    $parts = for ($at = 0; $at -lt $padded.Length; $at += 3) {
        $bits = ([int]$padded[$at] * 65536) + ([int]$padded[$at + 1] * 256) + [int]$padded[$at + 2]
        if ($left -ne 0 -and $at + 3 -ge $padded.Length) {
            if ($left -eq 1) { $bits = $bits -band 16711680 } else { $bits = $bits -band 16776960 }
        }
        $signs[($bits -shr 18) -band 63]
        $signs[($bits -shr 12) -band 63]
        if ($left -eq 1 -and $at + 3 -ge $padded.Length) { '=' } else { $signs[($bits -shr 6) -band 63] }
        if ($left -ne 0 -and $at + 3 -ge $padded.Length) { '=' } else { $signs[$bits -band 63] }
    }
    return -join $parts
}

function Get-PlainText {
    param([string]$Text)
    $plain = (($Text -replace '[^\x20-\x7e]', '') -replace '["\\]', '').Trim()
    return $plain -replace '^(.{80}).*$', '$1'
}

function Find-SshKeygen {
    $places = @(
        "$env:SystemRoot\System32\OpenSSH\ssh-keygen.exe",
        "$env:SystemRoot\Sysnative\OpenSSH\ssh-keygen.exe",
        "$env:ProgramFiles\OpenSSH\ssh-keygen.exe"
    )
    foreach ($place in $places) {
        if (Test-Path -LiteralPath $place -PathType Leaf) { return $place }
    }
    return ''
}

function Get-SigningKey {
    if ($OfficerKey -ne '') { return $OfficerKey }
    if ($Key -ne '') { return $Key }
    return "$env:ProgramData\ssh\ssh_host_ed25519_key"
}

function Get-Signature {
    param([string]$File)
    $ErrorActionPreference = 'Continue'
    $tool = Find-SshKeygen
    $with = Get-SigningKey
    if ($tool -eq '' -or -not (Test-Path -LiteralPath $with -PathType Leaf)) { return '' }
    $env:SSH_ASKPASS_REQUIRE = 'never'
    & $tool -Y sign -f $with -n telework-auditor-evidence $File 2>$null | Out-Null
    if ($LASTEXITCODE -ne 0) { return '' }
    $lines = @(Get-Content -LiteralPath "$File.sig")
    return ($lines -join '\n') + '\n'
}

function Test-Signing {
    $ErrorActionPreference = 'Continue'
    $tool = Find-SshKeygen
    $with = Get-SigningKey
    if ($tool -eq '' -or -not (Test-Path -LiteralPath $with -PathType Leaf)) { return $false }
    $env:SSH_ASKPASS_REQUIRE = 'never'
    $told = -join @('self-test' | & $tool -Y sign -f $with -n telework-auditor-evidence 2>$null)
    return ($told -match 'BEGIN SSH SIGNATURE')
}

function Get-Machine {
    $serial = ''
    $id = ''
    try {
        $bios = Get-CimInstance -ClassName Win32_BIOS -OperationTimeoutSec 15 -ErrorAction Stop
        $serial = Get-PlainText ([string]$bios.SerialNumber)
    } catch { $serial = '' }
    try {
        $path = 'Registry::HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Cryptography'
        $crypt = Get-ItemProperty -LiteralPath $path -ErrorAction Stop
        $id = ([string]$crypt.MachineGuid) -replace '[^A-Za-z0-9-]', ''
    } catch { $id = '' }
    $name = ([string]$env:COMPUTERNAME) -replace '[^A-Za-z0-9._-]', ''
    if ($name -eq '') { $name = 'unknown' }
    return @{ host = $name; serial = $serial; id = $id }
}

function Test-OwnFolder {
    param([string]$Folder)
    $item = Get-Item -LiteralPath $Folder -Force
    if (([int]$item.Attributes -band 1024) -ne 0) { return $false }
    if ('@CONTEXT@' -eq 'user') { return $true }
    return (Get-Acl -LiteralPath $Folder).Sddl -match '^O:(SY|BA)'
}

function Initialize-State {
    param([string]$Folder)
    $new = -not (Test-Path -LiteralPath $Folder)
    if ($new) { New-Item -ItemType Directory -Path $Folder | Out-Null }
    if (-not (Test-OwnFolder $Folder)) { return $false }
    if ('@CONTEXT@' -eq 'machine' -and ($new -or $State -eq '')) {
        $rights = @('*S-1-5-18:(OI)(CI)F', '*S-1-5-32-544:(OI)(CI)F')
        & "$env:SystemRoot\System32\icacls.exe" $Folder '/inheritance:r' '/grant' $rights[0] $rights[1] | Out-Null
        if ($LASTEXITCODE -ne 0) { return $false }
    }
    $queue = "$Folder\queue"
    if (-not (Test-Path -LiteralPath $queue)) { New-Item -ItemType Directory -Path $queue | Out-Null }
    return (Test-OwnFolder $queue)
}

function Lock-State {
    param([string]$Folder)
    $busy = "$Folder\busy"
    if (Test-Path -LiteralPath $busy) {
        if (-not (Test-OwnFolder $busy)) { return $false }
        $since = (Get-Item -LiteralPath $busy -Force).LastWriteTimeUtc
        if ($since -gt (Get-Date).ToUniversalTime().AddMinutes(-30)) { return $false }
        Remove-Item -LiteralPath $busy -Recurse -Force
    }
    New-Item -ItemType Directory -Path $busy | Out-Null
    return $true
}

function Get-LastNumber {
    param([string]$File)
    if (-not (Test-Path -LiteralPath $File)) { return 0 }
    $text = [string](Get-Content -LiteralPath $File -TotalCount 1)
    if ($text -notmatch '^(0|[1-9][0-9]{0,8})$') { return -1 }
    return [int]$text
}

function Write-Text {
    param([string]$File, [string]$Text)
    Set-Content -LiteralPath $File -Value $Text -Encoding Ascii -NoNewline
    if ((Get-Item -LiteralPath $File).Length -ne $Text.Length) { throw 'the file is shorter than it should be' }
}

function New-Bundle {
    param($Machine, [int]$Number, [string]$Folder, [string]$Output, [string]$Moment)
    $payload = '{"schema":1,"asset":"' + $Asset + '","host":"' + $Machine.host + '","system":"windows"' +
        ',"context":"@CONTEXT@","machine_id":"' + $Machine.id + '","serial":"' + $Machine.serial +
        '","sequence":' + $Number + ',"collected_at":"' + $Moment + '","collector":"' + $Collector +
        '","version":"@VERSION@","nonce":"' + $Nonce + '","output":"' + (ConvertTo-Base64 $Output) + '"}'
    $file = "$Folder\busy\payload"
    Remove-Item -LiteralPath $file, "$file.sig" -ErrorAction SilentlyContinue
    try {
        Write-Text $file $payload
        $signature = Get-Signature $file
    } finally {
        Remove-Item -LiteralPath $file, "$file.sig" -ErrorAction SilentlyContinue
    }
    return '{"schema":1,"kind":"telework-auditor-bundle","payload":"' + (ConvertTo-Base64 $payload) +
        '","signature":"' + $signature + '"}'
}

function Send-Queue {
    param([string]$Folder)
    $waiting = @(Get-ChildItem -LiteralPath "$Folder\queue" -Filter '*.json' -File | Sort-Object LastWriteTimeUtc)
    $waiting | Select-Object -SkipLast 30 | ForEach-Object { Remove-Item -LiteralPath $_.FullName }
    $waiting = @($waiting | Select-Object -Last 30)
    $left = $waiting.Count
    if (Test-Path -LiteralPath $Bundle -PathType Container) {
        foreach ($item in $waiting) {
            $final = "$Bundle\" + $item.Name
            try {
                if (Test-Path -LiteralPath $final) { throw 'a bundle of that name is there already' }
                Copy-Item -LiteralPath $item.FullName -Destination "$final.tmp"
                if ((Get-Item -LiteralPath "$final.tmp").Length -ne $item.Length) { throw 'the copy is shorter' }
                Move-Item -LiteralPath "$final.tmp" -Destination $final
                Remove-Item -LiteralPath $item.FullName
                Write-Output $final
                $left = $left - 1
            } catch {
                Remove-Item -LiteralPath "$final.tmp" -ErrorAction SilentlyContinue
            }
        }
    }
    if ($left -ne 0) { Write-Note "bundles wait in $Folder\queue until $Bundle can be written to: $left" }
}

function Save-Bundle {
    param([string]$Folder, [int]$Number)
    $machine = Get-Machine
    $moment = (Get-Date).ToUniversalTime().ToString('yyyy-MM-ddTHH:mm:ssZ', [cultureinfo]::InvariantCulture)
    $output = -join @(Get-Answers)
    $text = New-Bundle $machine $Number $Folder $output $moment
    if ($text -match '"signature":""') {
        $missing = Get-SigningKey
        Write-Note "no signature: there is no ssh-keygen.exe, or the key $missing cannot be used"
        if ($OfficerKey -ne '' -or $Key -ne '') { return 5 }
        Write-Note 'the bundle goes out unsigned'
    }
    $name = $machine.host + '-@CONTEXT@-' + $Number + '.json'
    Write-Text "$Folder\busy\bundle" $text
    Write-Text "$Folder\busy\counter" ([string]$Number)
    Move-Item -LiteralPath "$Folder\busy\bundle" -Destination "$Folder\queue\$name"
    Move-Item -LiteralPath "$Folder\busy\counter" -Destination "$Folder\counter-@CONTEXT@" -Force
    return 0
}

function Test-Fresh {
    param([string]$Counter)
    if ('@CONTEXT@' -ne 'user' -or $Force -or -not (Test-Path -LiteralPath $Counter)) { return $false }
    return (Get-Item -LiteralPath $Counter).LastWriteTimeUtc -gt (Get-Date).ToUniversalTime().AddHours(-20)
}

function Invoke-Drop {
    $folder = $State
    if ($folder -eq '' -and '@CONTEXT@' -eq 'machine') { $folder = "$env:ProgramData\telework-auditor" }
    if ($folder -eq '') { $folder = "$env:LOCALAPPDATA\telework-auditor" }
    if ($Asset -notmatch '^([A-Za-z0-9][A-Za-z0-9._-]{0,63})?$') { Write-Note '-Asset: letters, digits and . _ - only'; return 2 }
    if (-not (Initialize-State $folder)) {
        Write-Note "$folder is not ours alone: SYSTEM or Administrators must own it, and it must be no link"
        return 4
    }
    $counter = "$folder\counter-@CONTEXT@"
    $last = Get-LastNumber $counter
    if ($last -lt 0) { Write-Note "$counter is damaged; write the last bundle's number into it"; return 4 }
    if (-not (Lock-State $folder)) { Write-Note "another run is at work in $folder"; return 4 }
    try {
        if (Test-Fresh $counter) {
            Write-Note 'the last bundle is less than 20 hours old; nothing was collected (-Force does all the same)'
        } else {
            $steps = @(Save-Bundle $folder ($last + 1))
            $steps | Select-Object -SkipLast 1 | ForEach-Object { Write-Output $_ }
            if ($steps[-1] -ne 0) { return $steps[-1] }
        }
        Send-Queue $folder
    } finally {
        Remove-Item -LiteralPath "$folder\busy" -Recurse -Force
    }
    return 0
}

function Measure-Answer {
    param([string]$Frame)
    $found = $Frame -match '\n[0-9a-f]{32} got ([a-z0-9._-]+) ([0-9]+)( \S+)?\n$'
    if (-not $found) { return 'unreadable' }
    $id = $matches[1]
    $note = [string]$matches[3]
    $word = "error$note"
    if ($matches[2] -eq '0') { $word = 'ok' }
    if ($matches[2] -eq '10') { $word = 'absent' }
    if ($matches[2] -eq '11') { $word = "denied$note" }
    if ($matches[2] -eq '12') { $word = 'timeout' }
    return "$id $word"
}

function Invoke-SelfTest {
    $machine = Get-Machine
    Write-Output ('collector @VERSION@ for windows, @CONTEXT@ context, ' + $Collector)
    Write-Output ('machine   host ' + $machine.host + ', id ' + $machine.id + ', serial ' + $machine.serial)
    Write-Output ('shell     PowerShell ' + [string]$PSVersionTable.PSVersion)
    Write-Output ('build     ' + [string]$PSVersionTable.BuildVersion)
    Write-Output ('mode      ' + [string]$ExecutionContext.SessionState.LanguageMode)
    Write-Output ('process   ' + $env:PROCESSOR_ARCHITECTURE + ' ' + $env:PROCESSOR_ARCHITEW6432)
    Write-Output ('culture   ' + [string](Get-Culture).Name + ', ' + [string](Get-UICulture).Name)
    $groups = -join @(& "$env:SystemRoot\System32\whoami.exe" /groups /fo csv /nh)
    $rights = 'ordinary'
    if ($groups -match 'S-1-16-12288') { $rights = 'elevated administrator' }
    if ($groups -match 'S-1-16-16384') { $rights = 'SYSTEM' }
    Write-Output "rights    $rights"
    $counts = @{ bad = 0; began = Get-Date }
    Get-Answers | ForEach-Object {
        if ($_ -notmatch 'end:true') {
            $took = [int]((Get-Date) - $counts['began']).TotalMilliseconds
            $told = Measure-Answer $_
            if ($told -notmatch ' (ok|absent)$') { $counts['bad'] = $counts['bad'] + 1 }
            Write-Output "fact      $told, $took ms"
            $counts['began'] = Get-Date
        }
    }
    $with = Get-SigningKey
    $signs = Test-Signing
    Write-Output ('signing   works: ' + $signs + ', key ' + $with)
    if ($Bundle -ne '') { Write-Output ("bundles   $Bundle reached: " + (Test-Path -LiteralPath $Bundle)) }
    if ($counts['bad'] -eq 0) { Write-Output 'verdict   everything answered'; return 0 }
    Write-Output 'verdict   see denied, timeout and error above'
    return 1
}

$Nonce = [guid]::NewGuid().ToString('N')
$code = 0
if ($SelfTest -or $Bundle -ne '') {
    $said = @()
    try {
        if ($SelfTest) { $said = @(Invoke-SelfTest) } else { $said = @(Invoke-Drop) }
        $code = [int]$said[-1]
        $said = @($said | Select-Object -SkipLast 1)
    } catch {
        $code = 3
        $place = [string]$_.InvocationInfo.ScriptLineNumber
        $said = @('collector: stopped in line ' + $place + ' by ' + [string]$_.FullyQualifiedErrorId)
    }
    $said | ForEach-Object { Write-Output $_ }
} else {
    Get-Answers | ForEach-Object { Write-Frame $_ }
}
if ($code -ne 0) { exit $code }
}
#EOF

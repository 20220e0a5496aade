<?php
// Guzzle: a Client with the request options `proxy` (credentials in its URL), `verify`, `timeout`, …, as its documentation
// has them. Argument "retry": Middleware::retry with a decider for connect errors, 429 and 5xx. One request at a time.

use GuzzleHttp\Client;
use GuzzleHttp\Cookie\CookieJar;
use GuzzleHttp\Exception\ConnectException;
use GuzzleHttp\Exception\RequestException;
use GuzzleHttp\HandlerStack;
use GuzzleHttp\Middleware;
use GuzzleHttp\Psr7;

error_reporting(E_ALL & ~E_DEPRECATED);
ini_set('display_errors', 'stderr');
require getenv('GUZZLE_AUTOLOAD') ?: (is_file('vendor/autoload.php') ? 'vendor/autoload.php' : 'GuzzleHttp/autoload.php');

// Native errors (cURL's numbers, classes) and what the contract calls them; the first row that fits decides.
const KINDS = [
    ['/cURL error 56: .*response 407|HTTP code 407/', 'proxy-auth'],
    ['/cURL error 56: .*CONNECT tunnel failed|HTTP code \d+ from proxy after CONNECT/', 'proxy-connect'],
    ['/cURL error (5|6|7):/', 'proxy-unreachable'],
    ['/cURL error 18:/', 'incomplete'],
    ['/cURL error 28: (Failed to connect|Connection timed out|.*connect)/i', 'timeout-connect'],
    ['/cURL error 28:/', 'timeout-total'],
    ['/cURL error (35|60|51|58):/', 'tls-origin'],
    ['/cURL error 52:/', 'closed-early'],
    ['/cURL error 0: .*was retried 3 times/', 'closed-early'],
    ['/while creating the response/', 'protocol'],
    ['/cURL error (55|56):/', 'reset'],
    ['/cURL error (1|8|61|43):/', 'protocol'],
    ['/cURL error 97:/', 'proxy-protocol'],
    ['/cURL error (3|77):/', 'config'],
    ['/Will not follow more than/', 'redirects'],
];
const LACKING = ['cache' => 'cache', 'pool' => 'proxy-pool', 'rotate' => 'rotation', 'hosts' => 'host-map', 'schemes' => 'schemes'];

$withRetry = ($argv[1] ?? '') === 'retry';
$capabilities = ['absolute-form', 'cookies', 'deadlines', 'environment', 'expect-continue', 'https', 'https-proxy', 'keep-alive',
    'origin-credentials', 'redirects', 'streaming', 'switch-proxy', 'total-deadline'];
if ($withRetry) { // `timeout` is each attempt's
    $capabilities = [...array_diff($capabilities, ['total-deadline']), 'retry'];
}

$out = fopen('php://stdout', 'w');
ob_start(fn ($text) => fwrite(STDERR, $text) ? '' : '', 1); // a stray echo must not garble the contract

function say(array $reply): void
{
    global $out;
    fwrite($out, json_encode($reply, JSON_UNESCAPED_SLASHES | JSON_INVALID_UTF8_SUBSTITUTE) . "\n");
    fflush($out);
}

class Unsupported extends Exception
{
}

class Session
{
    public array $said;
    private Client $client;

    public function __construct(array $said)
    {
        $this->said = $said;
        $this->check();
        $stack = HandlerStack::create();
        $policy = $said['retry'] ?? 'off';
        if ($GLOBALS['withRetry'] && $policy !== 'off') {
            $stack->push(Middleware::retry($this->decider($policy), $this->delay($policy)));
        }
        $options = ['handler' => $stack, 'http_errors' => false, 'allow_redirects' => (bool) ($said['redirects'] ?? false),
            'cookies' => ($said['cookies'] ?? false) ? new CookieJar() : false,
            'verify' => ($said['verify'] ?? true) ? $said['ca_file'] ?? true : false];
        if (strncasecmp($said['proxy']['url'] ?? '', 'https:', 6) === 0) { // `verify` is for the origin alone
            $options['curl'] = ($said['verify'] ?? true) ? array_filter([CURLOPT_PROXY_CAINFO => $said['ca_file'] ?? null])
                : [CURLOPT_PROXY_SSL_VERIFYPEER => false, CURLOPT_PROXY_SSL_VERIFYHOST => 0];
        }
        if (isset($said['origin_credentials'])) {
            $options['auth'] = [$said['origin_credentials']['username'], $said['origin_credentials']['password'] ?? ''];
        }
        $this->client = new Client($options);
    }

    private function check(): void
    {
        foreach (LACKING as $key => $capability) {
            $v = $this->said[$key] ?? null;
            if ($v && !($key === 'schemes' && in_array('basic', $v, true))) {
                throw new Unsupported($capability);
            }
        }
        if (is_array($this->said['retry'] ?? null) && !$GLOBALS['withRetry']) {
            throw new Unsupported('retry');
        }
        $by = $this->said['proxy']['by'] ?? 'documented';
        if ($by === 'callback') {
            throw new Unsupported('credential-callback');
        }
        if ($by === 'option') {
            throw new Unsupported("credentials beside the proxy's URL");
        }
    }

    private function decider($policy): callable
    {
        $most = is_array($policy) ? $policy['attempts'] - 1 : 3;
        return function (int $retries, $request, $response = null, $error = null) use ($most, $policy): bool {
            $methods = $policy['methods'] ?? ['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS'];
            if ($retries >= $most || ($methods !== 'all' && !in_array($request->getMethod(), $methods, true))) {
                return false;
            }
            return $error instanceof ConnectException || ($response && ($response->getStatusCode() === 429 || $response->getStatusCode() >= 500));
        };
    }

    private function delay($policy): ?callable // null: the middleware's own, exponentialDelay
    {
        if (!is_array($policy) || !isset($policy['base_ms'])) {
            return null;
        }
        return fn (int $retries): int => (int) min($policy['base_ms'] * 2 ** ($retries - 1), $policy['cap_ms'] ?? PHP_INT_MAX);
    }

    private function options(array $r): array
    {
        $ms = ($r['deadlines'] ?? []) + ($this->said['deadlines'] ?? []);
        $options = [];
        foreach (['timeout' => 'total_ms', 'connect_timeout' => 'connect_ms', 'read_timeout' => 'read_ms'] as $option => $key) {
            if (isset($ms[$key])) {
                $options[$option] = $ms[$key] / 1000;
            }
        }
        if (isset($this->said['proxy'])) {
            $options['proxy'] = ['http' => $this->proxy(), 'https' => $this->proxy()];
            if (isset($this->said['without_proxy'])) {
                $options['proxy']['no'] = (array) $this->said['without_proxy'];
            }
        }
        $options['expect'] = $r['expect_continue'] ?? false;
        foreach ($r['headers'] ?? [] as [$name, $value]) {
            $options['headers'][$name][] = $value;
        }
        $proxy = $this->said['proxy'] ?? [];
        if (($proxy['by'] ?? '') === 'header') {
            $options['headers']['Proxy-Authorization'] = 'Basic ' . base64_encode("{$proxy['username']}:{$proxy['password']}");
        }
        if (isset($r['body'])) {
            $octets = octets($r['body']);
            $options['body'] = ($r['body']['stream'] ?? false) ? Psr7\Utils::streamFor((function () use ($octets) {
                yield from str_split($octets, 16384);
            })()) : $octets;
        }
        return $options;
    }

    private function proxy(): string
    {
        $p = $this->said['proxy'];
        if (!isset($p['username']) || ($p['by'] ?? '') === 'header') {
            return $p['url'];
        }
        return preg_replace('~://~', '://' . rawurlencode($p['username']) . ':' . rawurlencode($p['password'] ?? '') . '@', $p['url'], 1);
    }

    public function request(array $r): void
    {
        $reply = ['id' => $r['id']];
        $sink = tempnam(sys_get_temp_dir(), 'body'); // a name: each attempt and each redirect opens it anew
        try {
            $response = $this->client->request($r['method'] ?? 'GET', $r['url'], $this->options($r) + ['sink' => $sink]);
        } catch (Throwable $e) {
            $response = $e instanceof RequestException ? $e->getResponse() : null;
            $reply += ['error' => $e->getMessage(), 'kind' => 'other'];
            foreach (KINDS as [$pattern, $kind]) {
                if (preg_match($pattern, $e->getMessage())) {
                    $reply['kind'] = $kind;
                    break;
                }
            }
            if ($e instanceof InvalidArgumentException) {
                $reply['kind'] = 'config';
            }
        }
        if ($response) {
            $body = file_get_contents($sink);
            $reply['status'] = $response->getStatusCode();
            $reply['headers'] = [];
            foreach ($response->getHeaders() as $name => $values) {
                foreach ($values as $value) {
                    $reply['headers'][] = [(string) $name, $value];
                }
            }
            $reply['body'] = ['bytes' => strlen($body), 'sha256' => hash('sha256', $body), 'head' => base64_encode(substr($body, 0, 4096))];
        }
        unlink($sink);
        say($reply);
    }
}

function octets(array $body): string
{
    if (isset($body['base64'])) {
        return base64_decode($body['base64']);
    }
    return substr(str_repeat(implode('', array_map('chr', range(0, 250))), intdiv($body['size'], 251) + 1), 0, $body['size']);
}

function version(): string
{
    if (class_exists(Composer\InstalledVersions::class) && Composer\InstalledVersions::isInstalled('guzzlehttp/guzzle')) {
        return ltrim(Composer\InstalledVersions::getPrettyVersion('guzzlehttp/guzzle'), 'v');
    }
    return is_file('version') ? trim(file_get_contents('version')) : (string) GuzzleHttp\ClientInterface::MAJOR_VERSION;
}

$sessions = [];
while (($line = fgets(STDIN)) !== false) {
    $said = json_decode($line, true);
    $id = $said['session'] ?? null;
    try {
        switch ($said['do']) {
            case 'hello':
                say(['client' => 'Guzzle', 'version' => version() . ' (libcurl ' . curl_version()['version'] . ')', 'runtime' => 'php ' . PHP_VERSION,
                    'capabilities' => $capabilities, 'kinds' => array_column(KINDS, 1, 0)]);
                break;
            case 'open':
                $sessions[$id] = new Session($said);
                say(['session' => $id]);
                break;
            case 'change':
                $pair = array_intersect_key($said, ['username' => 0, 'password' => 0, 'by' => 0]);
                $said = array_diff_key($said, $pair + ['do' => 0]);
                if ($pair) { // other credentials for the same proxy
                    $said['proxy'] = $pair + $sessions[$id]->said['proxy'];
                }
                $sessions[$id]->said = $said + $sessions[$id]->said;
                say(['session' => $id]);
                break;
            case 'request':
                if (isset($said['raw'])) {
                    throw new Unsupported('raw-tunnel');
                }
                $sessions[$id]->request($said);
                break;
            case 'close':
                unset($sessions[$id]);
                say(['closed' => $id]);
                break;
            default:
                throw new Unsupported($said['do']);
        }
    } catch (Unsupported $e) {
        say(['unsupported' => $e->getMessage()] + (isset($said['id']) ? ['id' => $said['id']] : []));
    }
}

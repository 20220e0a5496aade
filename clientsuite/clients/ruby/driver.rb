# Net::HTTP: one started object for each origin, which is its way of keeping a connection; the proxy and its credentials
# are arguments of Net::HTTP.new. It repeats an idempotent request once when its connection broke (max_retries), which is
# its "default" and is off where the suite says so. One request at a time.
require 'base64'
require 'digest'
require 'json'
require 'net/http'
require 'openssl'
require 'stringio'
require 'uri'

# Native errors and what the contract calls them; the first row that fits decides.
KINDS = [
  [Net::OpenTimeout, //, 'timeout-connect'],
  [Net::ReadTimeout, //, 'timeout-read'],
  [Net::WriteTimeout, //, 'timeout-read'],
  [OpenSSL::SSL::SSLError, //, 'tls-origin'],
  [Errno::ECONNREFUSED, //, 'proxy-unreachable'],
  [SocketError, //, 'proxy-unreachable'],
  [Errno::ECONNRESET, //, 'reset'],
  [Errno::EPIPE, //, 'reset'],
  [Net::HTTPClientException, /407/, 'proxy-auth'], # a refused CONNECT
  [Net::HTTPExceptions, //, 'proxy-connect'],
  [EOFError, /end of file reached/, 'incomplete'],
  [Net::HTTPBadResponse, //, 'protocol'],
  [Net::HTTPHeaderSyntaxError, //, 'protocol'],
  [Zlib::Error, //, 'protocol'],
  [URI::InvalidURIError, //, 'config'],
  [ArgumentError, //, 'config'],
].freeze
CAPABILITIES = %w[absolute-form deadlines environment expect-continue https keep-alive origin-credentials streaming].freeze
# What `open` may ask for in vain, and the capability it takes.
LACKING = { 'redirects' => 'redirects', 'cookies' => 'cookies', 'cache' => 'cache', 'pool' => 'proxy-pool', 'rotate' => 'rotation',
            'hosts' => 'host-map', 'without_proxy' => 'without-proxy' }.freeze

class Unsupported < StandardError; end

OUT = $stdout.dup
$stdout.reopen($stderr) # a stray print must not garble the contract

def say(reply)
  OUT.write(JSON.generate(reply), "\n")
  OUT.flush
end

class Session
  attr_reader :said

  def initialize(said)
    @said = said
    @connections = {}
    proxy = said['proxy'] or return
    raise Unsupported, 'credentials in the proxy\'s URL' if proxy['by'] == 'url' || proxy['url'].include?('@')

    @proxy = URI(proxy['url'])
    raise Unsupported, 'https-proxy' if @proxy.scheme == 'https'
  end

  def close
    @connections.each_value { |c| c.finish if c.started? }
  end

  def connection(uri, deadlines)
    http = @connections[[uri.scheme, uri.host, uri.port]] ||= make(uri)
    total = deadlines['total_ms']
    http.open_timeout = seconds(deadlines['connect_ms'] || total)
    http.read_timeout = http.write_timeout = http.ssl_timeout = seconds(deadlines['read_ms'] || total)
    http.start unless http.started?
    http
  end

  def make(uri)
    http = @proxy ? Net::HTTP.new(uri.host, uri.port, @proxy.host, @proxy.port, *pair) : Net::HTTP.new(uri.host, uri.port)
    http.max_retries = 0 unless @said['retry'] == 'default'
    http.keep_alive_timeout = 30
    http.use_ssl = uri.scheme == 'https'
    http.ca_file = @said['ca_file'] if @said['ca_file']
    http.verify_mode = OpenSSL::SSL::VERIFY_NONE if @said['verify'] == false
    http
  end

  def pair
    proxy = @said['proxy']
    proxy['username'] && proxy['by'] != 'header' ? [proxy['username'], proxy['password'] || ''] : []
  end

  def seconds(ms)
    ms && ms / 1000.0
  end
end

def octets(body)
  return Base64.decode64(body['base64']) if body['base64']

  ((0..250).map(&:chr).join.b * (body['size'] / 251 + 1)).byteslice(0, body['size'])
end

def build(said, session, uri)
  request = Net::HTTPGenericRequest.new(said['method'] || 'GET', !said['body'].nil?, said['method'] != 'HEAD', uri)
  (said['headers'] || []).each { |name, value| request.add_field(name, value) }
  request['Expect'] = '100-continue' if said['expect_continue']
  proxy = session.said['proxy']
  request['Proxy-Authorization'] = "Basic #{Base64.strict_encode64("#{proxy['username']}:#{proxy['password']}")}" if proxy && proxy['by'] == 'header'
  origin = session.said['origin_credentials']
  request.basic_auth(origin['username'], origin['password']) if origin
  return request unless (body = said['body'])

  if body['stream']
    request.body_stream = StringIO.new(octets(body))
    request['Transfer-Encoding'] = 'chunked'
  else
    request.body = octets(body)
  end
  request['Content-Type'] ||= 'application/octet-stream'
  request
end

def perform(said, session)
  reply = { 'id' => said['id'] }
  count = 0
  head = ''.b
  hash = Digest::SHA256.new
  begin
    uri = URI(said['url'])
    http = session.connection(uri, { **(session.said['deadlines'] || {}), **(said['deadlines'] || {}) })
    http.continue_timeout = 1 if said['expect_continue']
    http.request(build(said, session, uri)) do |answer|
      reply.update('status' => answer.code.to_i, 'headers' => answer.each_capitalized.to_a)
      answer.read_body do |chunk|
        count += chunk.bytesize
        hash << chunk
        head << chunk.byteslice(0, 4096 - head.bytesize) if head.bytesize < 4096
      end
    end
  rescue Unsupported
    raise
  rescue StandardError => e
    row = KINDS.find { |type, words, _| e.is_a?(type) && words.match?(e.message) }
    kind = row ? row[2] : 'other'
    kind = 'closed-early' if kind == 'incomplete' && !reply['status']
    reply.update('error' => e.message, 'kind' => kind)
  end
  reply['body'] = { 'bytes' => count, 'sha256' => hash.hexdigest, 'head' => Base64.strict_encode64(head) } if reply['status']
  say(reply)
end

def check(said)
  LACKING.each { |key, capability| raise Unsupported, capability if said[key] && said[key] != [] }
  raise Unsupported, 'retry' if said['retry'].is_a?(Hash)
  raise Unsupported, 'credential-callback' if said.dig('proxy', 'by') == 'callback'
  raise Unsupported, 'raw-tunnel' if said['raw']
end

sessions = {}
$stdin.each_line do |line|
  said = JSON.parse(line)
  id = said.key?('id') ? { 'id' => said['id'] } : {}
  begin
    check(said)
    case said['do']
    when 'hello'
      say('client' => 'Net::HTTP', 'version' => Net::HTTP::VERSION, 'runtime' => "ruby #{RUBY_VERSION}", 'capabilities' => CAPABILITIES,
          'kinds' => KINDS.to_h { |type, words, kind| ["#{type} #{words.source}".strip, kind] })
    when 'open'
      sessions[said['session']] = Session.new(said)
      say('session' => said['session'])
    when 'request'
      perform(said, sessions[said['session']])
    when 'close'
      sessions.delete(said['session'])&.close
      say('closed' => said['session'])
    else
      raise Unsupported, said['do']
    end
  rescue Unsupported => e
    say(id.merge('unsupported' => e.message))
  rescue URI::InvalidURIError => e # a proxy's URL that the library refuses
    say('session' => said['session'], 'error' => e.message, 'kind' => 'config')
  end
end

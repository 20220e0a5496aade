# LWP::UserAgent: proxy() with the credentials in its URL, which are sent at once. One request at a time.
#
# Argument "challenge", and credentials "by option": get_basic_credentials() in a subclass; then they go out after a
# challenge, Basic or Digest, for plain requests. LWP does not answer a challenge to its CONNECT.
use strict;
use warnings;
use Digest::SHA;
use HTTP::Request;
use JSON::PP;
use LWP::UserAgent;
use MIME::Base64 qw(encode_base64 decode_base64);

# Native errors and what the contract calls them: LWP answers 500 with "Client-Warning: Internal response" and these words.
my @KINDS = (
    [qr/407/ => 'proxy-auth'],
    [qr/certificate verify failed|hostname verification|SSL connect attempt/i => 'tls-origin'],
    [qr/Connection refused|Can't connect to .*Bad hostname|Name or service not known/ => 'proxy-unreachable'],
    [qr/Can't connect to .*(timeout|timed out)/i => 'timeout-connect'],
    [qr/Can't connect to/ => 'proxy-unreachable'],
    [qr/timeout|timed out/i => 'timeout-read'],
    [qr/Connection reset/ => 'reset'],
    [qr/Broken pipe/ => 'reset'],
    [qr/Server closed connection without sending any data/ => 'closed-early'],
    [qr/EOF when chunk header|EOF instead of reponse|Unexpected EOF|premature|bytes missing/i => 'incomplete'],
    [qr/Line too long|Too many header|Bad chunk|Illegal field|Unable to determine|response status line/ => 'protocol'],
    [qr/SSL/ => 'tls-origin'],
    [qr/Protocol scheme|Bad URI|Illegal/ => 'config'],
);
my $is_challenged = (shift // '') eq 'challenge';
my @CAPABILITIES = (qw(absolute-form cookies deadlines environment expect-continue keep-alive origin-credentials read-deadline redirects
  streaming switch-proxy), $is_challenged ? 'digest' : 'https');

# What `open` may ask for in vain, and the capability it takes.
my %LACKING = (cache => 'cache', pool => 'proxy-pool', rotate => 'rotation', hosts => 'host-map');
my $json = JSON::PP->new->canonical->allow_nonref;
my %sessions;

open(my $out, '>&', \*STDOUT) or die;
open(STDOUT, '>&', \*STDERR) or die;    # a stray print must not garble the contract
$out->autoflush(1);

sub say_ { print $out $json->encode($_[0]), "\n" }

package Agent {
    our @ISA = ('LWP::UserAgent');

    sub get_basic_credentials {
        my ($self, $realm, $uri, $is_proxy) = @_;
        my $pair = $self->{driver_pairs}{$is_proxy ? 'proxy' : 'origin'};
        return $pair ? @$pair : ();
    }
}

sub lacks {
    my $o = shift;
    for my $key (sort keys %LACKING) {
        my $v = $o->{$key};
        return $LACKING{$key} if ref $v eq 'ARRAY' ? @$v : $v;
    }
    return 'retry'               if ref $o->{retry} eq 'HASH';
    return 'credential-callback' if $o->{proxy} && ($o->{proxy}{by} // '') eq 'callback';
    return undef;
}

sub agent_of {
    my $o = shift;
    my $a = Agent->new(keep_alive => 10, $o->{redirects} ? () : (requests_redirectable => []), $o->{cookies} ? (cookie_jar => {}) : ());
    my $verify = $o->{verify} // 1;
    $a->ssl_opts(verify_hostname => $verify ? 1 : 0, SSL_verify_mode => $verify ? 1 : 0,
        $o->{ca_file} ? (SSL_ca_file => $o->{ca_file}) : ());
    set_proxy($a, $o);
    return $a;
}

sub set_proxy {
    my ($a, $o) = @_;
    my $p = $o->{proxy};
    my $origin = $o->{origin_credentials};
    $a->{driver_pairs} = { origin => $origin && [@$origin{qw(username password)}] };
    return $a->env_proxy unless $p;
    my ($url, $by) = ($p->{url}, $p->{by} // 'documented');
    if (defined $p->{username} && ($by eq 'url' || $by eq 'documented' && !$is_challenged)) {
        my ($u, $w) = map { s/([^A-Za-z0-9._~-])/sprintf '%%%02X', ord $1/ger } $p->{username}, $p->{password} // '';
        $url =~ s{://}{://$u:$w@};
    }
    elsif (defined $p->{username} && $by ne 'header') {
        $a->{driver_pairs}{proxy} = [$p->{username}, $p->{password} // ''];
    }
    $a->proxy(['http', 'https'], $url);
    my $without = $o->{without_proxy};
    $a->no_proxy(ref $without ? @$without : $without) if $without;
}

sub octets {
    my $b = shift;
    return decode_base64($b->{base64}) if defined $b->{base64};
    return substr(join('', map { chr } 0 .. 250) x ($b->{size} / 251 + 1), 0, $b->{size});
}

sub request {
    my ($s, $r) = @_;
    my $o  = $s->{said};
    my %ms = (%{ $o->{deadlines} // {} }, %{ $r->{deadlines} // {} });
    my $limit = $ms{read_ms} // $ms{connect_ms} // $ms{total_ms};
    $s->{agent}->timeout($limit ? $limit / 1000 : 180);
    my $req = HTTP::Request->new($r->{method} // 'GET', $r->{url});
    $req->push_header(@$_) for @{ $r->{headers} // [] };
    $req->header(Expect => '100-continue') if $r->{expect_continue};
    if ($o->{proxy} && ($o->{proxy}{by} // '') eq 'header') {
        $req->header('Proxy-Authorization' => 'Basic ' . encode_base64("$o->{proxy}{username}:$o->{proxy}{password}", ''));
    }
    if ($r->{body}) {
        my $octets = octets($r->{body});
        my $at = 0;
        $req->content($r->{body}{stream} ? sub { my $p = substr($octets, $at, 16384); $at += length $p; $p } : $octets);
        $req->header('Content-Length' => length $octets) unless $r->{body}{stream};
    }

    my ($count, $head, $sha) = (0, '', Digest::SHA->new(256));
    my $feed = sub {
        $count += length $_[0];
        $sha->add($_[0]);
        $head = substr($head . $_[0], 0, 4096) if length $head < 4096;
    };
    my $res = $s->{agent}->request($req, sub { $feed->($_[0]) });
    my %reply = (id => $r->{id});
    my $died = $res->header('X-Died');
    my $is_ours = ($res->header('Client-Warning') // '') eq 'Internal response';
    if (!$is_ours) {
        # Bodies of what is no success come in the response, not by the callback.
        $feed->($res->content) if !$count && length($res->content // '');
        $reply{status} = 0 + $res->code;
        my @lines;
        $res->headers->scan(sub { push @lines, [$_[0], $_[1]] if $_[0] !~ /^(Client-|X-Died)/ });
        $reply{headers} = \@lines;
        $reply{body} = { bytes => $count, sha256 => $sha->hexdigest, head => encode_base64($head, '') };
    }
    if ($is_ours || $died || $res->header('Client-Aborted')) {
        my $words = $is_ours ? $res->message . ' ' . ($res->content // '') : $died // 'aborted';
        my ($row) = grep { $words =~ $_->[0] } @KINDS;
        @reply{qw(error kind)} = ($words, $row ? $row->[1] : 'other');
    }
    say_(\%reply);
}

my %verbs = (
    hello => sub { say_({ client => 'libwww-perl', version => $LWP::UserAgent::VERSION, runtime => sprintf('perl %vd', $^V), capabilities => \@CAPABILITIES,
        kinds => { map {; "$_->[0]" => $_->[1] } @KINDS } }) },
    open => sub {
        my $o = shift;
        $sessions{ $o->{session} } = { said => $o, agent => agent_of($o) };
        say_({ session => $o->{session} });
    },
    change => sub {
        my $o = shift;
        my $s = $sessions{ $o->{session} };
        my %pair = map { exists $o->{$_} ? ($_ => delete $o->{$_}) : () } qw(username password by);
        $o->{proxy} = { %{ $s->{said}{proxy} }, %pair } if %pair;    # other credentials for the same proxy
        $s->{said} = { %{ $s->{said} }, %$o };
        set_proxy($s->{agent}, $s->{said});
        say_({ session => $o->{session} });
    },
    request => sub { request($sessions{ $_[0]{session} }, $_[0]) },
    close => sub { delete $sessions{ $_[0]{session} }; say_({ closed => $_[0]{session} }) },
);

while (my $line = <STDIN>) {
    my $o = $json->decode($line);
    my $lack = $verbs{ $o->{do} } ? lacks($o) : $o->{do};
    $lack = 'raw-tunnel' if $o->{raw};
    if (defined $lack) { say_({ unsupported => $lack, defined $o->{id} ? (id => $o->{id}) : () }) }
    else { $verbs{ $o->{do} }->($o) }
}

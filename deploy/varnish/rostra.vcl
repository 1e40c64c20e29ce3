# Varnish (6.6 or newer) as an edge of Rostra: the sound, its state and its playlists out of the cache, everything else
# passed on. Held to what it says by test/e2e/fronts.test.ts.
vcl 4.1;

import std;

backend rostra {
    .host = "127.0.0.1";    # change: the main server, or an edge
    .port = "8080";         # change
    .connect_timeout = 1s;
    # A segment that is asked for early is held there until it is published.
    .first_byte_timeout = 30s;
    .between_bytes_timeout = 10s;
    .probe = {
        .url = "/healthz";
        .interval = 1s;
        .timeout = 2s;
        .window = 4;
        .threshold = 2;
        .initial = 2;
    }
}

sub vcl_recv {
    set req.backend_hint = rostra;
    # What a client claims for itself is not passed on; that it came by TLS in front of Varnish would be said here.
    unset req.http.X-Forwarded-Proto;
    unset req.http.X-Forwarded-Host;
    # What is fetched is for all who come here: nobody has to show a seat for it.
    set req.http.rostra-cache = "1";
    set req.http.X-Forwarded-For = client.ip;

    if (req.http.Upgrade ~ "(?i)websocket" && req.url ~ "^/api/") {
        return (pipe);
    }
    if (req.url ~ "^/live/") {
        if (req.url ~ "^/live/[a-z0-9-]{1,64}/(opus-32k|opus-16k|aac-64k)/stream\.mp4(\?|$)") {
            return (synth(501, "no-stream-here"));
        }
        if (req.url !~ "^/live/[a-z0-9-]{1,64}/(state\.json|text\.json|line\.json|index\.m3u8|beacon|place(/[A-Za-z0-9_-]{20,100})?|(opus-32k|opus-16k|aac-64k)/(init\.mp4|index\.m3u8|(0|[1-9][0-9]{0,9})\.m4s))(\?|$)") {
            return (synth(404, "not-found"));
        }
        if ((req.method != "GET" && req.method != "HEAD") || req.url ~ "^/live/[^/]+/place") {
            return (pass);
        }
        # One object for everybody: nothing under /live/ knows a cookie, and one query means something.
        unset req.http.Cookie;
        unset req.http.Authorization;
        if (req.url ~ "\.m3u8\?(.*&)?_HLS_msn=[0-9]{1,10}(&|$)") {
            set req.url = regsub(req.url, "\?(?:.*&)?_HLS_msn=([0-9]{1,10}).*$", "?_HLS_msn=\1");
        } else {
            set req.url = regsub(req.url, "\?.*$", "");
        }
        # Older than `stale-while-revalidate` only while there is nobody to ask.
        if (std.healthy(req.backend_hint)) {
            set req.grace = 5s;
        } else {
            set req.grace = 60s;
        }
        return (hash);
    }
    if (req.method != "GET" && req.method != "HEAD") {
        return (pass);
    }
    if (req.url ~ "^/(api|edge)/" || req.url ~ "^/replay/.*/audio\.") {
        return (pass);
    }
    # Pages and replays are the same for everybody too, whatever their query says to the page's own script.
    unset req.http.Cookie;
    set req.url = regsub(req.url, "\?.*$", "");
    return (hash);
}

sub vcl_pipe {
    set bereq.http.Upgrade = req.http.Upgrade;
    set bereq.http.Connection = req.http.Connection;
}

sub vcl_backend_response {
    if (beresp.status >= 500) {
        # What is there already is better than a refusal. Where there is nothing, each is told for itself.
        if (bereq.is_bgfetch) {
            return (abandon);
        }
        set beresp.uncacheable = true;
        set beresp.ttl = 1s;
        return (deliver);
    }
    if (bereq.url ~ "^/live/") {
        # Kept for those who were away for a moment; the window of the main server is no longer.
        if (beresp.http.Cache-Control ~ "immutable") {
            set beresp.ttl = 2m;
        }
        set beresp.grace = 60s;
    } else if (beresp.http.Content-Type ~ "^text/html") {
        # A page is asked for again each time; at the minute all ask at once.
        set beresp.ttl = 5s;
        set beresp.grace = 60s;
        set beresp.uncacheable = false;
        return (deliver);
    }
}

sub vcl_deliver {
    # Not how long it lay here: players reckon with the server's clock in the state.
    unset resp.http.Age;
    if (obj.hits > 0) {
        set resp.http.X-Cache = "hit";
    } else {
        set resp.http.X-Cache = "miss";
    }
}

sub vcl_synth {
    set resp.http.Access-Control-Allow-Origin = "*";
    set resp.http.X-Content-Type-Options = "nosniff";
    if (resp.reason == "no-stream-here") {
        set resp.http.Content-Type = "application/problem+json";
        set resp.http.Cache-Control = "public, max-age=60";
        set resp.reason = "Not Implemented";
        synthetic({"{"type":"urn:rostra:problem:no-stream-here","title":"This cache has no endless responses","status":501,"code":"no-stream-here","detail":"A cache hands on whole segments.","action":"Ask for numbered segments." }"});
        return (deliver);
    }
    if (resp.reason == "not-found") {
        set resp.http.Content-Type = "application/problem+json";
        set resp.http.Cache-Control = "public, max-age=1";
        set resp.reason = "Not Found";
        synthetic({"{"type":"urn:rostra:problem:not-found","title":"There is nothing here","status":404,"code":"not-found","detail":"The address names nothing.","action":"Check the address." }"});
        return (deliver);
    }
}

sub vcl_backend_error {
    set beresp.http.Access-Control-Allow-Origin = "*";
    set beresp.http.Retry-After = "1";
}

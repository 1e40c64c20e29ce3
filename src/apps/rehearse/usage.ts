import { attackerLines } from "./attack-words.ts";

const usage = `rostra rehearse: real listeners and attackers against a running server, and whether its promises held

  rostra rehearse --target http://localhost:8080 --listeners 5000 --over 10s --for 60s --data data --out report
    --target URL         the server; elsewhere than on this machine its owner has to permit it (rostra rehearsal-permit)
    --listeners N        how many people come
    --over LENGTH        how long until all have come                  (60s)
    --for LENGTH         how long it lasts, from T on                  (5m, at most 6h)
    --arrivals HOW       flash, ramp, push or trace:FILE               (flash)
    --before LENGTH      how long the minute before T takes here       (as --over, at most 60s)
    --space SLUG         the Space                                     (the only one that is live)
    --mix SHARES         how they listen                               (stream=0.8,numbered=0.1,hls=0.1)
    --pages SHARE        how many of them open the page first          (1)
    --attack SPEC        NAME[=STRENGTH][@FROM[-TO]], such as request-flood=2000@20s-40s; again for more of them
    --data DIR           data folder of the server, for its metrics    (its metrics are not read)
    --metrics WHERE      or where else they are: URL or unix:PATH
    --processes N        processes of the swarm                        (as many as it takes)
    --sources LIST       addresses it comes from: 127.0.0.2-127.0.0.40 (loopback: as many as it takes)
    --ca FILE            a certificate (PEM) that the target's is checked against
    --stage-udp PORT     the stage's UDP port, for stage-flood         (the target's port)
    --join-p99 LENGTH    the promise: 99 of 100 hear sound within      (1s)
    --patience LENGTH    how long a target that does not answer is waited for   (15s)
    --seed N             the chance in it                              (1)
    --title TEXT         what the report is called
    --out DIR            writes report.html and report.json there
    --lang en|fr|id      language of the report                        (en)
    --plain              lines instead of a picture, as when it is no terminal

  rostra rehearse --compare A.json B.json [--out FILE] [--lang LANG]
    what changed from one record to the other; --out writes it as HTML

Attackers, what they do when no strength is said, and the most of each:
{attackers}

It ends with 0 (go), 3 (no go), 4 (cannot tell), 1 (it could not begin, or the target died), 2 (the words were off), 130 (stopped).
What its answers mean: docs/rehearsal.md
`;

export const rehearseUsage = async (): Promise<string> => usage.replace("{attackers}", await attackerLines());

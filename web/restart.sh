kill $(cat /tmp/inbox/pid2) 2>/dev/null
cd /root/wk/inbox && make -s bundle 2>/dev/null && CGO_ENABLED=0 go build -o /tmp/inbox/weiche ./services/cmd/weiche && cd /tmp/inbox && rm -rf data && (setsid nohup ./weiche demo --data /tmp/inbox/data --http 127.0.0.1:0 --admin 127.0.0.1:0 --simulator 127.0.0.1:0 > out.txt 2>&1 & echo $! > pid2)
for i in $(seq 40); do grep -q "Ctrl-C ends it" /tmp/inbox/out.txt && break; sleep 0.5; done

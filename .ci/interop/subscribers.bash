# shellcheck shell=bash disable=SC2154 # its variables are those of .ci/interop/run
# What .ci/interop/run needs for the programs of examples/: they attach at the same time, each as a group of its own, to a topic that has events
# of their types and of others, and an event that came twice. Each must handle every event of its types, none of them twice, and no other.

subscribers=(go go-cloudevents python java node)
node=node
bounded=(timeout -k 10 300)
declare -A subscribed # :: name -> pid

start_go() { exec "${bounded[@]}" "$work/examples/go"; }

start_go-cloudevents() { exec "${bounded[@]}" "$work/examples/go-cloudevents"; }

start_python() { exec "${bounded[@]}" "$work/venv/bin/python" examples/python/new_apps.py; }

start_java() {
  exec "${bounded[@]}" java -XX:TieredStopAtLevel=1 -Dorg.slf4j.simpleLogger.defaultLogLevel=warn -cp "$work/java/target/classes:$work/java/target/libs/*" NewApps
}

start_node() { exec "${bounded[@]}" "$node" "$work/node/new-apps.js"; }

prepare_examples() {
  mkdir "$work/examples"
  go build -o "$work/examples/" ./examples/go ./examples/go-cloudevents
}

# prepare_node brings a Node from the npm registry where the machine's is too old.
prepare_node() {
  local arch=x64
  cp -r examples/node "$work/node"
  npm ci --prefix "$work/node" --ignore-scripts --no-audit --no-fund --loglevel error >"$work/npm.log" 2>&1
  if ! node -e 'const [major, minor] = process.versions.node.split("."); process.exit(major > 22 || major == 22 && minor >= 22 ? 0 : 1)'; then
    [[ $(uname -m) != aarch64 ]] || arch=arm64
    npm install --prefix "$work/node-runtime" --no-save --no-audit --no-fund "node-linux-$arch@24.21.0" >>"$work/npm.log" 2>&1
  fi
}

# attach starts all of them.
attach() {
  local name
  [[ ! -d $work/node-runtime ]] || node=$(echo "$work"/node-runtime/node_modules/node-linux-*/bin/node)
  for name in "${subscribers[@]}"; do
    BROKERS=$brokers PREFIX=$prefix GROUP=${prefix}new-apps-$name "start_$name" >"$work/$name.handled" 2>"$work/subscriber-$name.log" 3>&- &
    subscribed[$name]=$!
    pids+=($!)
  done
}

# publish_apps posts new apps under both names in every envelope, and writes down those that subscribers are to handle.
publish_apps() {
  local envelope type
  for envelope in "${envelopes[@]}"; do
    for type in com.qlik.app.created com.qlik.v1.app.created; do
      "$work/qlik-bridge" send --url "http://$ingress/webhooks/qlik" --secrets-file "$work/secrets" --envelope "$envelope" \
        --type "$type" --count 25 --output json >>"$work/answers" 2>>"$work/send.log"
    done
  done
}

# repeat_first writes the first wanted record to its partition once more, as a bridge does that died before it saw the acknowledgement.
repeat_first() {
  local record
  record=$(kcat -b "$brokers" -C -t "${prefix}apps" -o beginning -e -q -J | jq -cs 'map(select(.headers | index("com.qlik.app.created")))[0]')
  jq -jr .payload <<<"$record" >"$work/payload"
  mapfile -t headers < <(jq -r '.headers as $h | range(0; $h | length; 2) | "-H", "\($h[.])=\($h[. + 1])"' <<<"$record")
  kcat -b "$brokers" -P -t "${prefix}apps" -p "$(jq .partition <<<"$record")" -k "$(jq -r .key <<<"$record")" "${headers[@]}" "$work/payload"
}

# compare_subscribers waits until each group has committed the whole topic, stops the subscribers, and puts what they handled beside what
# was sent. One that is asked to stop has to end well.
compare_subscribers() {
  local name status records wanted
  repeat_first
  awk -F'\t' '$2 == "com.qlik.app.created" || $2 == "com.qlik.v1.app.created" { print $2, $3 }' "$work/sent" | LC_ALL=C sort >"$work/wanted"
  wanted=$(wc -l <"$work/wanted")
  records=$(awk -F'\t' -v topic="${prefix}apps" '$1 == topic' "$work/sent" | wc -l)
  "$work/venv/bin/python" .ci/interop/committed.py "$brokers" "${prefix}apps" "${subscribers[@]/#/${prefix}new-apps-}"
  printf '%-15s %8s %9s %8s\n' subscriber records "its types" handled >>"$work/table"
  for name in "${subscribers[@]}"; do
    status=0
    kill -TERM "${subscribed[$name]}" 2>/dev/null || true
    wait "${subscribed[$name]}" || status=$?
    ((status == 0 || status == 143)) || die "$name ended with exit $status" # 143: a JVM that was asked to
    LC_ALL=C sort "$work/$name.handled" >"$work/$name.sorted"
    if ! diff "$work/wanted" "$work/$name.sorted" >"$work/$name.diff"; then
      head -n 20 "$work/$name.diff" >&2
      die "$name handled other events than it subscribed to: $(grep -c '^<' "$work/$name.diff") missing, $(grep -c '^>' "$work/$name.diff") besides"
    fi
    printf '%-15s %8d %9d %8d\n' "$name" $((records + 1)) "$wanted" "$(wc -l <"$work/$name.sorted")" >>"$work/table"
  done
}

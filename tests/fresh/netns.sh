# A network namespace with a way out, for sourcing: netns_make NAME NUMBER, netns_remove NAME NUMBER.
# NUMBER (1-250) keeps the addresses 10.213.NUMBER.0/30 of several namespaces apart.

netns_rules() {  # -I or -D, NAME, NUMBER
    local subnet="10.213.$3.0/30" link="jcv$3"
    iptables -w 5 -t nat "$1" POSTROUTING -s "$subnet" ! -o "$link" -j MASQUERADE
    iptables -w 5 "$1" FORWARD -i "$link" -j ACCEPT
    iptables -w 5 "$1" FORWARD -o "$link" -j ACCEPT
}

netns_make() {
    local name=$1 number=$2 link="jcv$2"
    ip netns add "$name"
    ip link add "$link" type veth peer name eth0 netns "$name"
    ip address add "10.213.$number.1/30" dev "$link"
    ip link set "$link" up
    ip -n "$name" link set lo up
    ip -n "$name" address add "10.213.$number.2/30" dev eth0
    ip -n "$name" link set eth0 up
    ip -n "$name" route add default via "10.213.$number.1"
    sysctl -q -w net.ipv4.ip_forward=1 2>/dev/null || echo 1 > /proc/sys/net/ipv4/ip_forward
    netns_rules -I "$name" "$number"
}

netns_remove() {
    netns_rules -D "$1" "$2" 2>/dev/null || true
    ip link delete "jcv$2" 2>/dev/null || true
    ip netns delete "$1" 2>/dev/null || true
}

# play.sh NAME LOAD plays a server for the pictures: it says it is ready, then
# computes for about LOAD percent of a core, and writes a line now and then.
name=$1 load=$2 n=0
case $name in
postgres | redis) echo "$name: ready to accept connections" ;;
*) echo "listening on :80" ;;
esac
while :; do
	n=$((n + 1)) i=0
	# About a tenth of a second of work for a load of 100, more at some times.
	while [ $i -lt $((load * (60 + n % 90) * 3)) ]; do i=$((i + 1)); done
	case $name:$((n % 13)) in
	api:4) echo "WARN slow query 812ms table=things rows=120331" ;;
	api:9) printf '\033[31mGET /v1/things/%d 500 31ms err="deadline exceeded"\033[0m\n' $n ;;
	api:* | web:*) echo "GET /v1/things/$n 200 $((n % 17 + 3))ms" ;;
	search:*) echo "probe timeout after 2s" ;;
	worker:8) echo "panic: nil map" >&2 && exit 1 ;;
	worker:*) echo "job $n done" ;;
	reindex:12) exit 0 ;;
	reindex:*) echo "reindexed $((n * 8))%" ;;
	*) [ $((n % 5)) = 0 ] && echo "$name: checkpoint $n" ;;
	esac
	sleep 0.3
done

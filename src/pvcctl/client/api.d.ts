/* Made by npm run docs from openapi/openapi.json; do not edit. */

export interface paths {
    "/health/ready": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Whether this API can do its work
         * @description It can while ZooKeeper answers and this process is not stopping. Parameters are ignored.
         */
        get: operations["getReadiness"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/health/cluster": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Whether the cluster is well
         * @description 503 while there is a critical condition: the service is not provided, or could not be taken over, or this API cannot tell. With `warning` another status than 200 while there is a warning. Needs no key; other parameters are ignored. This concerns the cluster, not this API: it is no check for a load balancer in front of several.
         */
        get: operations["getClusterHealth"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/status": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The cluster in one reply
         * @description Health, counts and sums of nodes and domains, and the faults.
         */
        get: operations["getStatus"];
        put?: never;
        /**
         * Switch maintenance mode
         * @description While it is on, no node is fenced. The state is given in the query or in a form.
         */
        post: operations["setMaintenance"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/primary": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Who is primary
         * @description With `If-None-Match` 304 while it is as at that ETag; with `wait` besides, not before it changes or that many seconds have passed.
         */
        get: operations["getPrimary"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/node": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * All nodes, or those that fit
         * @description Sorted by name. All filters that are given have to hold. They may come in a form as well.
         */
        get: operations["listNodes"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/node/{node}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * One node
         * @description An array of one, as PVC has it.
         */
        get: operations["getNode"];
        put?: never;
        post?: never;
        /**
         * Remove a node from the cluster
         * @description Deletes everything that ZooKeeper has of a node that is stopped or confirmed fenced, in one transaction: its znodes, its log, and the faults that this project kept of it. Records of switchovers stay. A node that comes to life meanwhile wins. 409 with every reason while it is in contact, may hold something, is named by the primary key or by a switchover in progress, or while domains or storage daemons of PVC's are on it. Asked again after an interruption, it is done or 404.
         */
        delete: operations["removeNode"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/node/{node}/fence-confirmation": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Vouch that a node is down
         * @description Makes a node that a peer has judged dead `fenced` and `secondary`, so that another may take over what it may have held. **Be certain that it is down**: if it is not, two nodes may hold the same resources. 409 unless it is `dead`, without presence, and has written no keepalive since. A node of PVC's that no peer judges, because no coordinator has a fencing agent, has to have written no keepalive for 60 s instead.
         */
        post: operations["confirmFence"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/switchover": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The history of switchovers
         * @description Newest first, failovers too. What the cluster retried again and again by itself, without success, is one entry: the newest of these switchovers, with their `count`. The next page is asked for with `before` and the `first_epoch` of the last entry.
         */
        get: operations["listSwitchovers"];
        put?: never;
        /**
         * Ask for a switchover
         * @description Without `wait` 202 as soon as it is committed. With `wait` 200 once it has succeeded, and an error for everything else: also when it still continues at the end of the wait (503, `switchover_going_on`), so that `curl --fail` exits 0 for a success only. The same wish again is answered with the same switchover, never with a second one. With `dry_run` it is judged and nothing is written: a refusal is the refusal that the request would get, and 202 has the switchover that it would begin, without a `Location`. What a dry run cannot know is whether the primary lock could be acquired in time.
         */
        post: operations["requestSwitchover"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/switchover/eligibility": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Who may be made primary
         * @description Each coordinator: whether a request to make it primary would not be refused now, and if it would, every reason.
         */
        get: operations["getEligibility"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/switchover/{epoch}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * A switchover
         * @description With `wait` once it is done, or as it is after that many seconds.
         */
        get: operations["getSwitchover"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/switchover/{epoch}/timeline": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What happened in a switchover
         * @description One list of everything that is known, the oldest first: of a failover, who failed, who judged that and by what, and which fence or operator confirmed it; what each node acquired, released, lost or gave up; each state; the end. From the record, and from the journals of the coordinators, which hold their last 100 entries each and are read for this request. Moments come from the clocks of several machines.
         */
        get: operations["getSwitchoverTimeline"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What happens, as server-sent events
         * @description Events `node`, `primary` and `switchover`, each with the object as its route serves it. A new stream begins with `resync` and everything there is; one that is taken up with `Last-Event-ID`, at this API or another, continues where it ended, or begins again with `resync` if that is too long ago. A client that reads too slowly gets `resync`, too. `end` is the last event of a stream that the API ends, because it stops or has read its configuration again; come back, to this API or another. `X-Api-Role` says what the key or the certificate allows.
         */
        get: operations["followEvents"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /** @description Everything that is known of one node. */
        Node: {
            /** @description The node's name. */
            name: string;
            /**
             * @description What the node's daemon is doing, or what a peer has found out about it; `unknown` where the node has no readable value.
             * @enum {string}
             */
            daemon_state: "init" | "run" | "shutdown" | "stop" | "dead" | "fenced" | "unknown";
            /**
             * @description What the node has to do with the primary role; `client` is a hypervisor; `unknown` where the node has no readable value. A coordinator that is starting for the first time is `secondary`.
             * @enum {string}
             */
            coordinator_state: "client" | "secondary" | "takeover" | "primary" | "relinquish" | "unknown";
            /**
             * @description Whether the node runs domains; `unknown` where the node has no readable value.
             * @enum {string}
             */
            domain_state: "ready" | "unflush" | "flush" | "flushed" | "fence-flush" | "unknown";
            /** @description The version of the daemon. `N/A` where it cannot be read. */
            pvc_version: string;
            /** @description Processors. 0 where it cannot be read. */
            cpu_count: number;
            /** @description The kernel's version. `N/A` where it cannot be read. */
            kernel: string;
            /** @description The operating system. `N/A` where it cannot be read. */
            os: string;
            /** @description The processor's architecture. `N/A` where it cannot be read. */
            arch: string;
            /** @description Health in percent; the text `N/A` where it cannot be read, as of a node that was fenced. */
            health: number | "N/A";
            /** @description The checks that run on the node. */
            health_plugins: string[];
            /** @description What each check found. */
            health_details: {
                /** @description The check's name. */
                name: string;
                /** @description When it last ran, seconds since 1970. 0 where it cannot be read. */
                last_run: number;
                /** @description What it takes off the node's health. 0 where it cannot be read. */
                health_delta: number;
                /** @description What it found, in a sentence; empty where it cannot be read. */
                message: string;
                /** @description What the check measured. */
                data: unknown;
            }[];
            /** @description The load average of a minute; 0.0 where it cannot be read. */
            load: number;
            /** @description Domains that run here. 0 where it cannot be read. */
            domains_count: number;
            /** @description Their names. */
            running_domains: string[];
            vcpu: {
                /** @description Virtual processors there are. 0 where it cannot be read. */
                total: number;
                /** @description Virtual processors in use. 0 where it cannot be read. */
                allocated: number;
            };
            memory: {
                /** @description Memory, MB. 0 where it cannot be read. */
                total: number;
                /** @description Allocated to running domains, MB. 0 where it cannot be read. */
                allocated: number;
                /** @description Promised to domains, MB. 0 where it cannot be read. */
                provisioned: number;
                /** @description In use, MB. 0 where it cannot be read. */
                used: number;
                /** @description Free, MB. 0 where it cannot be read. */
                free: number;
            };
            /** @description Figures of each network interface, by its name. */
            interfaces: {
                [key: string]: {
                    /** @description Packets received a second. 0 where it is no number. */
                    rx_pps?: number;
                    /** @description Packets sent a second. 0 where it is no number. */
                    tx_pps?: number;
                    /** @description Bits received a second. 0 where it is no number. */
                    rx_bps?: number;
                    /** @description Bits sent a second. 0 where it is no number. */
                    tx_bps?: number;
                    /** @description Megabits a second. 0 where it is no number. */
                    link_speed?: number;
                    /** @description The kernel's word for its state, such as `up`; `unknown` where it is no text. */
                    state?: string;
                } & {
                    [key: string]: unknown;
                };
            };
            resources?: {
                /** @description The resource's name. */
                name: string;
                /**
                 * @description Where it stands on this node.
                 * @enum {unknown}
                 */
                state: "unknown" | "releasing" | "released" | "acquiring" | "held" | "lost" | "failed";
                /** @description When it came to that, RFC 3339. */
                since: string;
                /** @description Why it could not be acquired or released. */
                error: string | null;
                concerns: {
                    /**
                     * @description The code of the condition that it is.
                     * @enum {unknown}
                     */
                    code: "address_duplicate" | "address_unannounced";
                    /** @description What the node has seen, with its cause. */
                    message: string;
                    /** @description When it was first seen, RFC 3339. */
                    since: string;
                }[];
            }[];
        };
        /** @description Something that is wrong in the cluster. */
        Fault: {
            /** @description Its id. */
            id: string;
            /** @description When it was last reported. */
            last_reported: string;
            /** @description When it was first reported. */
            first_reported: string;
            /** @description When it was acknowledged; empty if it was not. */
            acknowledged_at: string;
            /** @description new, or ack. */
            status: string;
            /** @description What it takes off the cluster's health. */
            health_delta: number;
            /** @description What is wrong. */
            message: string;
        };
        /** @description Something in the cluster that an operator should know of, for as long as it is so. */
        Condition: {
            /** @description A stable code; docs/conditions.md has them all. */
            code: string;
            /**
             * @description `critical`: the service is not provided, or could not be taken over now; `warning`: something has to be mended before the next failure; `info`: a request brought this about, or it passes by itself.
             * @enum {string}
             */
            severity: "critical" | "warning" | "info";
            /** @description What is the case, in a sentence. */
            message: string;
            /** @description What to do. */
            advice: string;
            /** @description The node in question. */
            node: string | null;
            /** @description The resource in question. */
            resource: string | null;
            /** @description Since when, RFC 3339, by whichever clock wrote it; null where that is not known. */
            since: string | null;
            /** @description Its id in `GET /faults`; null for one that is no fault. */
            fault: string | null;
        };
        /** @description Whether the cluster is well. */
        ClusterHealth: {
            /**
             * @description The worst severity; `ok` if there is nothing but information.
             * @enum {string}
             */
            status: "ok" | "warning" | "critical";
            /** @description The node that the primary key names; null: none. */
            primary: string | null;
            /** @description Seconds since ZooKeeper's last answer; null before the first. */
            view_age: number | null;
            /** @description Whether that is too long ago: then this is what the API knew last. */
            stale: boolean;
            /** @description What is wrong, the worst first. */
            conditions: components["schemas"]["Condition"][];
        };
        /** @description The cluster in one reply. */
        ClusterStatus: {
            /** @description The cluster's name; empty where it has none. */
            cluster_name: string;
            /** @description The chroot: the znode of the ensemble under which everything of this cluster is. It tells clusters apart that share an ensemble. Missing where the cluster is at the root. */
            cluster?: string;
            /** @description The cluster's health, from its faults. */
            cluster_health: {
                /** @description Percent. */
                health: number;
                messages: {
                    id: string;
                    health_delta: number;
                    text: string;
                }[];
            };
            /** @description Health by node. */
            node_health: {
                [key: string]: {
                    /** @description Percent; `N/A` where it cannot be read. */
                    health: number | "N/A";
                    messages: string[];
                };
            };
            /**
             * @description The text `true` while the cluster is in maintenance mode, else `false`.
             * @enum {string}
             */
            maintenance: "true" | "false";
            /** @description The node that the primary key names; `none` if it names none. */
            primary_node: string;
            /** @description The version that the primary runs; `N/A` where there is none. */
            pvc_version: string;
            /** @description The cluster's floating address, CIDR. */
            upstream_ip: string | null;
            /** @description Number of nodes, in all and by `<daemon state>,<domain state>`. */
            nodes: {
                [key: string]: number;
            };
            /** @description Number of domains, in all and by each of PVC's states that occurs; one in another state counts in the total alone. */
            vms: {
                [key: string]: number;
            };
            /** @description Not kept by this project: 0. */
            networks: number;
            /** @description Not kept by this project: none. */
            osds: {
                [key: string]: number;
            };
            /** @description Not kept by this project: 0. */
            pools: number;
            /** @description Not kept by this project: 0. */
            volumes: number;
            /** @description Not kept by this project: 0. */
            snapshots: number;
            /** @description The holder of the lock under which the primary key is changed; null: none. A takeover holds it from before `takeover` until after `primary`. While it is held and no node is in `takeover`, no switchover and no failover can begin. Missing in a cluster of PVC's daemons alone. */
            primary_lock?: {
                /** @description The child of `/config/primary_node` that is first in line. */
                child: string;
                /** @description What the holder wrote into it. */
                identifier: string;
                /** @description The ZooKeeper session that owns it; null for a persistent znode. */
                session: string | null;
                /** @description When it was made, RFC 3339, by the ensemble's clock. */
                since: string;
            } | null;
            /** @description Dead nodes, and what is done about them. Missing in a cluster of PVC's daemons alone. */
            fencing?: {
                /** @description What the coordinators do about a dead primary; null where none says. */
                failover: ("fenced" | "unfenced" | "manual" | "differs") | null;
                /** @description Why no dead node is fenced at present; null if that is not so. */
                suspended: {
                    /**
                     * @description `maintenance`: the cluster is in maintenance mode; `several_dead`: more than one coordinator is dead or out of contact, so something else may be wrong.
                     * @enum {string}
                     */
                    why: "maintenance" | "several_dead";
                    /** @description The nodes because of which it is suspended. */
                    nodes: string[];
                    /** @description The nodes for which a confirmation that they are down lets the fencing of the others begin again. */
                    confirm: string[];
                } | null;
                /** @description Fences that would fail: each coordinator asks the fencing agent of every peer a harmless question at its start and every hour. */
                broken: {
                    /** @description The node that could not be fenced now. */
                    node: string;
                    /** @description Why not, in a sentence. */
                    message: string;
                    /** @description When that was first found, RFC 3339, by the wall clock of the node that found it. */
                    since: string;
                    /** @description The coordinator that asked. */
                    found_by: string;
                }[];
                dead: {
                    node: string;
                    /** @description How far its fence is; null where no record is kept. */
                    state: ("pending" | "unconfirmed" | "confirmed") | null;
                    /** @description Why it was judged dead. */
                    why: string | null;
                    /** @description How often it was tried to fence it. */
                    attempts: number;
                    /** @description Since when the state is so. */
                    since: string | null;
                    /** @description What the last attempt came to. */
                    message: string | null;
                }[];
            };
            /** @description What is wrong, the worst first; docs/conditions.md has every kind. Missing in a cluster of PVC's daemons alone. */
            conditions?: components["schemas"]["Condition"][];
            /** @description Whether this API has no contact with ZooKeeper: then this is what it knew last. Missing in a cluster of PVC's daemons alone. */
            stale?: boolean;
            /** @description What all nodes have together. A node whose figure is missing counts as 0. */
            resources: {
                /** @description Memory of all nodes. */
                memory: {
                    /** @description MB. */
                    total: number;
                    /** @description MB. */
                    free: number;
                    /** @description MB. */
                    used: number;
                    /** @description MB. */
                    allocated: number;
                    /** @description MB. */
                    provisioned: number;
                    /** @description Percent. */
                    utilization: number;
                };
                /** @description Processors of all nodes. */
                cpu: {
                    /** @description Processors. */
                    total: number;
                    /** @description Sum of the loads. */
                    load: number;
                    /** @description Virtual processors. */
                    allocated: number;
                    /** @description Percent. */
                    utilization: number;
                };
                /** @description Not kept by this project: 0. */
                disk: {
                    /** @description Bytes. */
                    total: number;
                    /** @description Bytes. */
                    used: number;
                    /** @description Bytes. */
                    free: number;
                    /** @description Percent. */
                    utilization: number;
                };
            };
            /** @description Each thing by itself. */
            detail: {
                node: {
                    name: string;
                    /**
                     * @description What the node's daemon is doing, or what a peer has found out about it; `unknown` where the node has no readable value.
                     * @enum {string}
                     */
                    daemon_state: "init" | "run" | "shutdown" | "stop" | "dead" | "fenced" | "unknown";
                    /**
                     * @description Whether the node runs domains; `unknown` where the node has no readable value.
                     * @enum {string}
                     */
                    domain_state: "ready" | "unflush" | "flush" | "flushed" | "fence-flush" | "unknown";
                }[];
                vm: {
                    uuid: string;
                    /** @description The domain's name, or its uuid where that cannot be read. */
                    name: string;
                    /** @description Its state; `unknown` where it cannot be read. */
                    state: string;
                }[];
                osd: unknown[];
                faults: components["schemas"]["Fault"][];
            };
        };
        /** @description What was done, in a sentence. */
        Message: {
            /** @description For people. It has the word `already` if and only if there was nothing to be done. */
            message: string;
        };
        /** @description A node that was removed from the cluster. */
        RemovedNode: {
            /** @description For people. */
            message: string;
            /** @description Its name. */
            node: string;
            /** @description The znodes that were deleted, each with everything below it: those of the node, its log, and the faults that this project kept of it. */
            removed: string[];
            /** @description Names of domains that do not run, and name the node still: they have to be moved before they are started. */
            domains: string[];
        };
        /** @description Whether this API can do its work. */
        Health: {
            /** @description `ok`, or what is wrong in a word. */
            status: string;
            /** @description Seconds since ZooKeeper's last answer; null before the first. */
            view_age: number | null;
            /** @description What is wrong, a sentence each. */
            reasons: string[];
        };
        /** @description The connection to ZooKeeper was lost after the write was sent; the switchover of this epoch will tell. */
        OutcomeUnknown: {
            /** @enum {string} */
            code: "outcome_unknown";
            /** @enum {string} */
            outcome: "unknown";
            /** @description The epoch that was written, if it was. */
            epoch: number;
            /** @description For people. */
            message: string;
        };
        /** @description One change of primary, from the write of the primary key until the cluster has settled. */
        Switchover: {
            /** @description The number of the switchover: it only grows. */
            epoch: number;
            /**
             * @description `requested`: no node has begun; `in_progress`: a node is working on it; `done`: over, see `outcome`.
             * @enum {string}
             */
            state: "requested" | "in_progress" | "done";
            /** @description Whether it is over. */
            done: boolean;
            /** @description How it ended; null while it continues. */
            outcome: ("succeeded" | "failed" | "superseded" | "timed_out" | "not_applied") | null;
            /** @description The node that was primary, also where it has lost the role before: because it failed, stopped, started again, or released everything for a switchover that did not succeed. null: none, or not known. */
            from: string | null;
            /** @description Who is to be primary; null where the key was freed and any other coordinator may win. */
            to: string | null;
            /** @description Who became primary by it, also where `to` is null; null while it continues, and where it did not succeed. */
            became: string | null;
            /**
             * @description Why the primary key was written.
             * @enum {string}
             */
            cause: "request" | "contention" | "shutdown" | "fence" | "repair" | "rollback" | "restart" | "external";
            /** @description Whose API key asked for it. */
            requested_by: string | null;
            /** @description Why. Of a request, the reason that was given; of a failover, in sentences, who judged the node dead and by what, and which fence or operator confirmed that it is down; otherwise why the cluster changed the primary key by itself. */
            reason: string | null;
            /** @description Of a request, the preferences of `to` that it overrode: those because of which it would have been refused. One that it named without need is left out. null for none. */
            force: ("health" | "priority" | "resources")[] | null;
            /** @description Where a failure had lost the role, the node that failed and how that is known; the same for a failover by itself, a request, and a key written by another program. null for any other switchover. */
            evidence: {
                /** @description The node that failed. */
                node: string;
                /**
                 * @description As it was when the role was taken; `dead` where a node that is gone counts as having released.
                 * @enum {string}
                 */
                daemon_state: "dead" | "fenced";
                /** @description The coordinator that judged it dead. */
                judged_by: string | null;
                judged_at: string | null;
                /** @description By what. */
                why: ("presence_gone" | "keepalive_stale") | null;
                last_sign_at: string | null;
                /** @description null where there is no record of it. */
                fence: {
                    /**
                     * @description `confirmed`: a fence or an operator has confirmed that it holds nothing.
                     * @enum {string}
                     */
                    state: "pending" | "unconfirmed" | "confirmed";
                    /** @description The coordinator that fenced it last, or judged it. */
                    by: string | null;
                    /** @description The method of the fencing agent, or `operator`. */
                    method: string | null;
                    /** @description Attempts to fence it. */
                    attempts: number;
                    /** @description The coordinator whose fence confirmed it, or whose API key the operator had. */
                    confirmed_by: string | null;
                    confirmed_at: string | null;
                    /** @description What the last attempt came to. */
                    message: string | null;
                } | null;
            } | null;
            /** @description When it was asked for. RFC 3339, UTC. */
            started_at: string;
            /** @description Its bound in seconds, from the request. */
            timeout: number;
            finished_at: string | null;
            /** @description Finished over planned steps, 0 to 1; never falls while it continues. */
            progress: number;
            /** @description How far each node has come. */
            nodes: {
                [key: string]: {
                    /** @description The coordinator state; null where the node has no readable value. */
                    coordinator_state: ("client" | "secondary" | "takeover" | "primary" | "relinquish") | null;
                    /** @description Finished steps. */
                    step: number;
                    /** @description Planned steps. */
                    of: number;
                    /** @description The resource being worked on. */
                    resource: string | null;
                };
            };
            /** @description What the nodes went through. */
            timeline: {
                /** @description When the node wrote it. RFC 3339, UTC. */
                at: string;
                node: string;
                /**
                 * @description What the node has to do with the primary role; `client` is a hypervisor.
                 * @enum {string}
                 */
                coordinator_state: "client" | "secondary" | "takeover" | "primary" | "relinquish";
            }[];
            last_held_at: string | null;
            held_again_at: string | null;
            /** @description Seconds from `last_held_at` to `held_again_at`, in which at least one resource was not held. As exact as these: some milliseconds for a planned switchover. After a failure it is counted from the last keepalive, so it can be up to one keepalive interval too long, and longer where the node was only out of contact, or its resources outlasted its daemon. null while it continues, where it did not succeed, and where it cannot be known. */
            outage_seconds: number | null;
            /** @description What became of each resource, as far as the nodes have published it; empty before the end, and where the switchover did not succeed. */
            resources: {
                [key: string]: {
                    /** @description The node that released it; null where none did, or did not say. */
                    released_by: string | null;
                    /** @description How long that took, with every attempt. */
                    release_seconds: number | null;
                    /** @description The node that acquired it. */
                    acquired_by: string | null;
                    /** @description How long that took, with every attempt. */
                    acquire_seconds: number | null;
                };
            };
            /** @description The later epoch that the primary role went to. */
            continued_by: number | null;
            /** @description What went wrong. */
            error: {
                /** @description A stable code. */
                code: string;
                /** @description The resource in question. */
                resource: string | null;
                /** @description A sentence. */
                message: string;
            } | null;
            /**
             * @description There only in the reply to a request: it was so already, and nothing was written.
             * @enum {boolean}
             */
            already?: true;
            /**
             * @description There only in the reply to a dry run: nothing was written. Unless `already` is there, or a switchover in progress is what was asked for, this is the switchover that the request would begin.
             * @enum {boolean}
             */
            dry_run?: true;
        };
        /** @description Something that happened in a switchover. */
        StoryEntry: {
            /** @description When, by the clock of the machine that says so; `last_sign`, `last_held`, `held`, and the states of nodes by the ensemble's. `journal_gone` is told at the end: when the node was removed is not on record. RFC 3339, UTC. */
            at: string;
            /** @description The node that did it or that it is about; null for what no node did. */
            node: string | null;
            /**
             * @description `last_sign`: the last keepalive of the node that failed; `judged`: a coordinator judged it dead; `fence_failed`, `fenced`: an attempt to fence it; `confirmed`: an operator said that it is down; `begun`: the record was made; `key_written`: so was the primary key; `state`: a node came into a coordinator state; `released`, `acquired`, `lost`, `regained`, `failed`: a resource, by the node; `waits`: a node waits before it acquires a resource; `demoted`: a node had to hold nothing any more and released everything by itself, as when its lease ran out; `held`: everything is held again; `closed`: it is over; `last_held`: everything was held for the last time before it; `journal_gone`: that node has been removed from the cluster since, and its journal with it.
             * @enum {string}
             */
            event: "last_sign" | "judged" | "fence_failed" | "fenced" | "confirmed" | "begun" | "key_written" | "state" | "released" | "acquired" | "lost" | "regained" | "failed" | "waits" | "demoted" | "held" | "closed" | "last_held" | "journal_gone";
            /** @description The resource in question. */
            resource: string | null;
            /** @description A sentence. */
            message: string;
        };
        /** @description A switchover, or a run of them without a request (contention, repair, rollback, restart) and of which none succeeded: then the newest, and how far the run goes back. */
        HistoryEntry: {
            /** @description The number of the switchover: it only grows. */
            epoch: number;
            /**
             * @description `requested`: no node has begun; `in_progress`: a node is working on it; `done`: over, see `outcome`.
             * @enum {string}
             */
            state: "requested" | "in_progress" | "done";
            /** @description Whether it is over. */
            done: boolean;
            /** @description How it ended; null while it continues. */
            outcome: ("succeeded" | "failed" | "superseded" | "timed_out" | "not_applied") | null;
            /** @description The node that was primary, also where it has lost the role before: because it failed, stopped, started again, or released everything for a switchover that did not succeed. null: none, or not known. */
            from: string | null;
            /** @description Who is to be primary; null where the key was freed and any other coordinator may win. */
            to: string | null;
            /** @description Who became primary by it, also where `to` is null; null while it continues, and where it did not succeed. */
            became: string | null;
            /**
             * @description Why the primary key was written.
             * @enum {string}
             */
            cause: "request" | "contention" | "shutdown" | "fence" | "repair" | "rollback" | "restart" | "external";
            /** @description Whose API key asked for it. */
            requested_by: string | null;
            /** @description Why. Of a request, the reason that was given; of a failover, in sentences, who judged the node dead and by what, and which fence or operator confirmed that it is down; otherwise why the cluster changed the primary key by itself. */
            reason: string | null;
            /** @description Of a request, the preferences of `to` that it overrode: those because of which it would have been refused. One that it named without need is left out. null for none. */
            force: ("health" | "priority" | "resources")[] | null;
            /** @description Where a failure had lost the role, the node that failed and how that is known; the same for a failover by itself, a request, and a key written by another program. null for any other switchover. */
            evidence: {
                /** @description The node that failed. */
                node: string;
                /**
                 * @description As it was when the role was taken; `dead` where a node that is gone counts as having released.
                 * @enum {string}
                 */
                daemon_state: "dead" | "fenced";
                /** @description The coordinator that judged it dead. */
                judged_by: string | null;
                judged_at: string | null;
                /** @description By what. */
                why: ("presence_gone" | "keepalive_stale") | null;
                last_sign_at: string | null;
                /** @description null where there is no record of it. */
                fence: {
                    /**
                     * @description `confirmed`: a fence or an operator has confirmed that it holds nothing.
                     * @enum {string}
                     */
                    state: "pending" | "unconfirmed" | "confirmed";
                    /** @description The coordinator that fenced it last, or judged it. */
                    by: string | null;
                    /** @description The method of the fencing agent, or `operator`. */
                    method: string | null;
                    /** @description Attempts to fence it. */
                    attempts: number;
                    /** @description The coordinator whose fence confirmed it, or whose API key the operator had. */
                    confirmed_by: string | null;
                    confirmed_at: string | null;
                    /** @description What the last attempt came to. */
                    message: string | null;
                } | null;
            } | null;
            /** @description When it was asked for. RFC 3339, UTC. */
            started_at: string;
            /** @description Its bound in seconds, from the request. */
            timeout: number;
            finished_at: string | null;
            /** @description Finished over planned steps, 0 to 1; never falls while it continues. */
            progress: number;
            /** @description How far each node has come. */
            nodes: {
                [key: string]: {
                    /** @description The coordinator state; null where the node has no readable value. */
                    coordinator_state: ("client" | "secondary" | "takeover" | "primary" | "relinquish") | null;
                    /** @description Finished steps. */
                    step: number;
                    /** @description Planned steps. */
                    of: number;
                    /** @description The resource being worked on. */
                    resource: string | null;
                };
            };
            /** @description What the nodes went through. */
            timeline: {
                /** @description When the node wrote it. RFC 3339, UTC. */
                at: string;
                node: string;
                /**
                 * @description What the node has to do with the primary role; `client` is a hypervisor.
                 * @enum {string}
                 */
                coordinator_state: "client" | "secondary" | "takeover" | "primary" | "relinquish";
            }[];
            last_held_at: string | null;
            held_again_at: string | null;
            /** @description Seconds from `last_held_at` to `held_again_at`, in which at least one resource was not held. As exact as these: some milliseconds for a planned switchover. After a failure it is counted from the last keepalive, so it can be up to one keepalive interval too long, and longer where the node was only out of contact, or its resources outlasted its daemon. null while it continues, where it did not succeed, and where it cannot be known. */
            outage_seconds: number | null;
            /** @description What became of each resource, as far as the nodes have published it; empty before the end, and where the switchover did not succeed. */
            resources: {
                [key: string]: {
                    /** @description The node that released it; null where none did, or did not say. */
                    released_by: string | null;
                    /** @description How long that took, with every attempt. */
                    release_seconds: number | null;
                    /** @description The node that acquired it. */
                    acquired_by: string | null;
                    /** @description How long that took, with every attempt. */
                    acquire_seconds: number | null;
                };
            };
            /** @description The later epoch that the primary role went to. */
            continued_by: number | null;
            /** @description What went wrong; in a run, the last that is known. */
            error: {
                /** @description A stable code. */
                code: string;
                /** @description The resource in question. */
                resource: string | null;
                /** @description A sentence. */
                message: string;
            } | null;
            /** @description How many switchovers it stands for: all from `first_epoch` to `epoch`, each of which `GET /switchover/{epoch}` shows. */
            count: number;
            /** @description The oldest of them. */
            first_epoch: number;
            /** @description When the oldest of them began. RFC 3339, UTC. */
            first_started_at: string;
        };
        /** @description Whom the primary key names, and since when. */
        Primary: {
            /** @description The node that the primary key names; null: none. */
            name: string | null;
            /** @description The epoch of that; null while there is no primary key. */
            epoch: number | null;
            since: string | null;
            /** @description The named node is `primary`, its daemon is in contact and runs (or is stopping), and every other coordinator has released everything; the named node has lost no resource, and this API is in contact with ZooKeeper. */
            settled: boolean;
            /**
             * @description There while this API has no contact with ZooKeeper: this is what it knew last.
             * @enum {boolean}
             */
            stale?: true;
        };
        /** @description Whether a coordinator may be made primary now. */
        Eligibility: {
            /** @description The coordinator. */
            name: string;
            /** @description The coordinator state; null where the node has no readable value. */
            coordinator_state: ("client" | "secondary" | "takeover" | "primary" | "relinquish") | null;
            /** @description Whether a request to make it primary would not be refused now. The present primary is eligible, too. */
            eligible: boolean;
            /** @description Every reason why not. */
            reasons: {
                /** @description A stable code. */
                code: string;
                /** @description A sentence. */
                message: string;
            }[];
            /** @description After a failure the node does not contend for a while. A request that names it does not wait for that. */
            stands_back: {
                /** @description RFC 3339, by the node's own wall clock. */
                until: string;
                /** @description What failed. */
                why: string;
            } | null;
            /** @description Of the coordinators that may contend, the highest priority goes first. 0: it never contends by itself. */
            priority: number;
            /** @description Percent of its health below which it neither contends nor is eligible, until it has been at or above that for three keepalive intervals. */
            min_health: number;
            /** @description Its health in percent as `min_health` is compared with it: for three keepalive intervals after one that was too low, that one; null where `min_health` is 0, or the node does not know yet. */
            health: number | null;
            /** @description What it is configured to hold as primary; null where it does not say. */
            resources: string[] | null;
            /** @description Why it does not contend by itself although it could; empty if it does. `force` of a request overrides each. */
            unwilling: {
                /**
                 * @description Which preference it is.
                 * @enum {string}
                 */
                code: "health_too_low" | "priority_zero" | "lacks_resources";
                /** @description A sentence. */
                message: string;
            }[];
        };
        /** @description RFC 9457 problem details. */
        Problem: {
            /** @description Names the kind of problem. */
            type: string;
            /** @description The kind of problem in a few words; always the same for one code. */
            title: string;
            /** @description The HTTP status. */
            status: number;
            /** @description What is wrong this time and what to do about it. */
            detail: string;
            /** @description The path that was asked for. */
            instance: string;
            /** @description The stable code of the problem. */
            code: string;
            /** @description For PVC's clients: the sentence of `detail`, or a sentence by argument where PVC has that. */
            message: string | {
                [key: string]: string;
            };
            /**
             * @description What became of the write that was asked for: `not_started` means that nothing was written and never will be.
             * @enum {string}
             */
            outcome?: "not_started" | "in_progress" | "unknown";
            /** @description Every argument that is wrong. */
            errors?: {
                /** @description body, querystring, params or headers. */
                in: string;
                /** @description The field, as a JSON pointer. */
                field: string;
                message: string;
            }[];
            /** @description The switchover in flight. */
            switchover?: components["schemas"]["Switchover"] | null;
            /** @description The nodes in question. */
            nodes?: string[];
            /** @description By node, every reason why it cannot be primary, be confirmed to be down, or be removed. */
            reasons?: {
                [key: string]: {
                    code: string;
                    message: string;
                }[];
            };
            /** @description Who is primary. */
            primary?: string | null;
            /** @description The epoch in question. */
            epoch?: number;
            /** @description Where an operator confirms that a node is down. */
            confirmation?: string[];
        };
        /** @description The switchover that was waited for, which did not succeed, with the members of a problem. `outcome` is the switchover's. */
        SwitchoverProblem: {
            /** @description The number of the switchover: it only grows. */
            epoch: number;
            /**
             * @description `requested`: no node has begun; `in_progress`: a node is working on it; `done`: over, see `outcome`.
             * @enum {string}
             */
            state: "requested" | "in_progress" | "done";
            /** @description Whether it is over. */
            done: boolean;
            /** @description How it ended; null while it continues. */
            outcome: ("succeeded" | "failed" | "superseded" | "timed_out" | "not_applied") | null;
            /** @description The node that was primary, also where it has lost the role before: because it failed, stopped, started again, or released everything for a switchover that did not succeed. null: none, or not known. */
            from: string | null;
            /** @description Who is to be primary; null where the key was freed and any other coordinator may win. */
            to: string | null;
            /** @description Who became primary by it, also where `to` is null; null while it continues, and where it did not succeed. */
            became: string | null;
            /**
             * @description Why the primary key was written.
             * @enum {string}
             */
            cause: "request" | "contention" | "shutdown" | "fence" | "repair" | "rollback" | "restart" | "external";
            /** @description Whose API key asked for it. */
            requested_by: string | null;
            /** @description Why. Of a request, the reason that was given; of a failover, in sentences, who judged the node dead and by what, and which fence or operator confirmed that it is down; otherwise why the cluster changed the primary key by itself. */
            reason: string | null;
            /** @description Of a request, the preferences of `to` that it overrode: those because of which it would have been refused. One that it named without need is left out. null for none. */
            force: ("health" | "priority" | "resources")[] | null;
            /** @description Where a failure had lost the role, the node that failed and how that is known; the same for a failover by itself, a request, and a key written by another program. null for any other switchover. */
            evidence: {
                /** @description The node that failed. */
                node: string;
                /**
                 * @description As it was when the role was taken; `dead` where a node that is gone counts as having released.
                 * @enum {string}
                 */
                daemon_state: "dead" | "fenced";
                /** @description The coordinator that judged it dead. */
                judged_by: string | null;
                judged_at: string | null;
                /** @description By what. */
                why: ("presence_gone" | "keepalive_stale") | null;
                last_sign_at: string | null;
                /** @description null where there is no record of it. */
                fence: {
                    /**
                     * @description `confirmed`: a fence or an operator has confirmed that it holds nothing.
                     * @enum {string}
                     */
                    state: "pending" | "unconfirmed" | "confirmed";
                    /** @description The coordinator that fenced it last, or judged it. */
                    by: string | null;
                    /** @description The method of the fencing agent, or `operator`. */
                    method: string | null;
                    /** @description Attempts to fence it. */
                    attempts: number;
                    /** @description The coordinator whose fence confirmed it, or whose API key the operator had. */
                    confirmed_by: string | null;
                    confirmed_at: string | null;
                    /** @description What the last attempt came to. */
                    message: string | null;
                } | null;
            } | null;
            /** @description When it was asked for. RFC 3339, UTC. */
            started_at: string;
            /** @description Its bound in seconds, from the request. */
            timeout: number;
            finished_at: string | null;
            /** @description Finished over planned steps, 0 to 1; never falls while it continues. */
            progress: number;
            /** @description How far each node has come. */
            nodes: {
                [key: string]: {
                    /** @description The coordinator state; null where the node has no readable value. */
                    coordinator_state: ("client" | "secondary" | "takeover" | "primary" | "relinquish") | null;
                    /** @description Finished steps. */
                    step: number;
                    /** @description Planned steps. */
                    of: number;
                    /** @description The resource being worked on. */
                    resource: string | null;
                };
            };
            /** @description What the nodes went through. */
            timeline: {
                /** @description When the node wrote it. RFC 3339, UTC. */
                at: string;
                node: string;
                /**
                 * @description What the node has to do with the primary role; `client` is a hypervisor.
                 * @enum {string}
                 */
                coordinator_state: "client" | "secondary" | "takeover" | "primary" | "relinquish";
            }[];
            last_held_at: string | null;
            held_again_at: string | null;
            /** @description Seconds from `last_held_at` to `held_again_at`, in which at least one resource was not held. As exact as these: some milliseconds for a planned switchover. After a failure it is counted from the last keepalive, so it can be up to one keepalive interval too long, and longer where the node was only out of contact, or its resources outlasted its daemon. null while it continues, where it did not succeed, and where it cannot be known. */
            outage_seconds: number | null;
            /** @description What became of each resource, as far as the nodes have published it; empty before the end, and where the switchover did not succeed. */
            resources: {
                [key: string]: {
                    /** @description The node that released it; null where none did, or did not say. */
                    released_by: string | null;
                    /** @description How long that took, with every attempt. */
                    release_seconds: number | null;
                    /** @description The node that acquired it. */
                    acquired_by: string | null;
                    /** @description How long that took, with every attempt. */
                    acquire_seconds: number | null;
                };
            };
            /** @description The later epoch that the primary role went to. */
            continued_by: number | null;
            /** @description What went wrong. */
            error: {
                /** @description A stable code. */
                code: string;
                /** @description The resource in question. */
                resource: string | null;
                /** @description A sentence. */
                message: string;
            } | null;
            /**
             * @description There only in the reply to a request: it was so already, and nothing was written.
             * @enum {boolean}
             */
            already?: true;
            /**
             * @description There only in the reply to a dry run: nothing was written. Unless `already` is there, or a switchover in progress is what was asked for, this is the switchover that the request would begin.
             * @enum {boolean}
             */
            dry_run?: true;
            /** @description Names the kind of problem. */
            type: string;
            /** @description The kind of problem in a few words; always the same for one code. */
            title: string;
            /** @description The HTTP status. */
            status: number;
            /** @description What is wrong this time and what to do about it. */
            detail: string;
            /** @description The path that was asked for. */
            instance: string;
            /** @description The stable code of the problem. */
            code: string;
            /** @description For PVC's clients: the sentence of `detail`, or a sentence by argument where PVC has that. */
            message: string | {
                [key: string]: string;
            };
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    getReadiness: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It can. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Health"];
                };
            };
            /** @description The request is malformed, or an argument is wrong. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description It cannot. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Health"];
                };
            };
        };
    };
    getClusterHealth: {
        parameters: {
            query?: {
                /** @description What to answer while there is a warning and nothing worse: a status; with no value or `true` 503. 200 unless given. */
                warning?: "" | "true" | "false" | "200" | "429" | "503";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ClusterHealth"];
                };
            };
            /** @description The request is malformed, or an argument is wrong. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is a warning, if that was asked for. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ClusterHealth"];
                };
            };
            /** @description It is not, or that is not known. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ClusterHealth"];
                };
            };
        };
    };
    getStatus: {
        parameters: {
            query?: {
                /** @description Whether the reply has to show everything that was committed before the request; 503 if ZooKeeper cannot tell. Without it the reply is from the view that watches feed. */
                consistent?: "" | "true" | "false";
            };
            header?: {
                /** @description ETags that the client knows, or *. */
                "if-none-match"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The cluster. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ClusterStatus"];
                };
            };
            /** @description As the client knows it, by the ETag that it sent. */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The request is malformed, or an argument is wrong. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A known API key is needed. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The key does not allow this; or the request comes from a web page of another site; or, where no key is needed, by a host that is not known. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many wrong keys or writes within a minute; try again after Retry-After. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description ZooKeeper cannot be reached, or waiting for the lock timed out; retry after Retry-After. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    setMaintenance: {
        parameters: {
            query?: {
                /** @description Whether the cluster is to be in maintenance mode. */
                state?: "true" | "false";
            };
            header?: {
                /** @description Only if this is as at that ETag of the same path. */
                "if-match"?: string;
            };
            path?: never;
            cookie?: never;
        };
        /** @description The state, if it is not in the query. */
        requestBody?: {
            content: {
                "application/x-www-form-urlencoded": {
                    /**
                     * @description Whether the cluster is to be in maintenance mode.
                     * @enum {string}
                     */
                    state?: "true" | "false";
                };
                "multipart/form-data": {
                    /**
                     * @description Whether the cluster is to be in maintenance mode.
                     * @enum {string}
                     */
                    state?: "true" | "false";
                };
            };
        };
        responses: {
            /** @description What was done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Message"];
                };
            };
            /** @description The request is malformed, or an argument is wrong. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A known API key is needed. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The key does not allow this; or the request comes from a web page of another site; or, where no key is needed, by a host that is not known. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The primary is not as the request expects; it comes with the present one. */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body has a media type that this route does not take. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many wrong keys or writes within a minute; try again after Retry-After. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description ZooKeeper cannot be reached, or waiting for the lock timed out; retry after Retry-After. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getPrimary: {
        parameters: {
            query?: {
                /** @description Seconds to wait at most for the end of it. The reply comes as soon as there is something to say. */
                wait?: number;
                /** @description Whether the reply has to show everything that was committed before the request; 503 if ZooKeeper cannot tell. Without it the reply is from the view that watches feed. */
                consistent?: "" | "true" | "false";
            };
            header?: {
                /** @description ETags that the client knows, or *. */
                "if-none-match"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The primary. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Primary"];
                };
            };
            /** @description As the client knows it, by the ETag that it sent. */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The request is malformed, or an argument is wrong. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A known API key is needed. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The key does not allow this; or the request comes from a web page of another site; or, where no key is needed, by a host that is not known. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many wrong keys or writes within a minute; try again after Retry-After. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description ZooKeeper cannot be reached, or waiting for the lock timed out; retry after Retry-After. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listNodes: {
        parameters: {
            query?: {
                /** @description A regular expression for the name, as Python has them; anything may stand at an end that is not anchored with ^ or $. A pattern that needs more than linear time is refused. */
                limit?: string;
                /** @description Only nodes in this daemon state. */
                daemon_state?: string;
                /** @description Only nodes in this coordinator state. */
                coordinator_state?: string;
                /** @description Only nodes in this domain state. */
                domain_state?: string;
                /** @description Whether the reply has to show everything that was committed before the request; 503 if ZooKeeper cannot tell. Without it the reply is from the view that watches feed. */
                consistent?: "" | "true" | "false";
            };
            header?: {
                /** @description ETags that the client knows, or *. */
                "if-none-match"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The nodes. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Node"][];
                };
            };
            /** @description As the client knows it, by the ETag that it sent. */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The request is malformed, or an argument is wrong. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A known API key is needed. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The key does not allow this; or the request comes from a web page of another site; or, where no key is needed, by a host that is not known. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many wrong keys or writes within a minute; try again after Retry-After. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description ZooKeeper cannot be reached, or waiting for the lock timed out; retry after Retry-After. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getNode: {
        parameters: {
            query?: {
                /** @description Whether the reply has to show everything that was committed before the request; 503 if ZooKeeper cannot tell. Without it the reply is from the view that watches feed. */
                consistent?: "" | "true" | "false";
            };
            header?: {
                /** @description ETags that the client knows, or *. */
                "if-none-match"?: string;
            };
            path: {
                /** @description The node's exact name. */
                node: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The node. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Node"][];
                };
            };
            /** @description As the client knows it, by the ETag that it sent. */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The request is malformed, or an argument is wrong. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A known API key is needed. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The key does not allow this; or the request comes from a web page of another site; or, where no key is needed, by a host that is not known. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many wrong keys or writes within a minute; try again after Retry-After. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description ZooKeeper cannot be reached, or waiting for the lock timed out; retry after Retry-After. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    removeNode: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The node's exact name. */
                node: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is removed. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RemovedNode"];
                };
            };
            /** @description The request is malformed, or an argument is wrong. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A known API key is needed. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The key does not allow this; or the request comes from a web page of another site; or, where no key is needed, by a host that is not known. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description It cannot be done as things are now: another switchover is in flight, another program writes the primary key, or a node is not in a state for it. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The primary is not as the request expects; it comes with the present one. */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body has a media type that this route does not take. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many wrong keys or writes within a minute; try again after Retry-After. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description ZooKeeper cannot be reached, or waiting for the lock timed out; retry after Retry-After. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    confirmFence: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The node's exact name. */
                node: string;
            };
            cookie?: never;
        };
        /** @description An operator's word that a node is down. */
        requestBody: {
            content: {
                "application/json": {
                    /** @description The node's name once more, so that no slip of the hand can do this. */
                    confirm: string;
                };
            };
        };
        responses: {
            /** @description It is fenced now, or was already. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Message"];
                };
            };
            /** @description The request is malformed, or an argument is wrong. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A known API key is needed. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The key does not allow this; or the request comes from a web page of another site; or, where no key is needed, by a host that is not known. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description It cannot be done as things are now: another switchover is in flight, another program writes the primary key, or a node is not in a state for it. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The primary is not as the request expects; it comes with the present one. */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body has a media type that this route does not take. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many wrong keys or writes within a minute; try again after Retry-After. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description ZooKeeper cannot be reached, or waiting for the lock timed out; retry after Retry-After. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listSwitchovers: {
        parameters: {
            query?: {
                /** @description How many at most. */
                limit?: number;
                /** @description Only switchovers with a smaller epoch. */
                before?: number;
                /** @description Whether every switchover is to be an entry of its own. */
                each?: "" | "true" | "false";
                /** @description Whether the reply has to show everything that was committed before the request; 503 if ZooKeeper cannot tell. Without it the reply is from the view that watches feed. */
                consistent?: "" | "true" | "false";
            };
            header?: {
                /** @description ETags that the client knows, or *. */
                "if-none-match"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The entries. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HistoryEntry"][];
                };
            };
            /** @description As the client knows it, by the ETag that it sent. */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The request is malformed, or an argument is wrong. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A known API key is needed. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The key does not allow this; or the request comes from a web page of another site; or, where no key is needed, by a host that is not known. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many wrong keys or writes within a minute; try again after Retry-After. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description ZooKeeper cannot be reached, or waiting for the lock timed out; retry after Retry-After. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    requestSwitchover: {
        parameters: {
            query?: {
                /** @description Seconds to wait at most for the end of it. The reply comes as soon as there is something to say. */
                wait?: number;
            };
            header?: {
                /** @description Only if the primary is as at this ETag of `GET /api/v1/primary`, or at this epoch, as a plain decimal number. */
                "if-match"?: string;
            };
            path?: never;
            cookie?: never;
        };
        /** @description What is wanted: at least one of `to` and `from`. */
        requestBody: {
            content: {
                "application/json": {
                    /** @description Who is to be primary. */
                    to?: string;
                    /** @description Who has to be primary for this to be done. Alone: any other coordinator that contends by itself is to take over. */
                    from?: string;
                    /** @description For people; kept in the record. */
                    reason?: string;
                    /** @description Bound in seconds. By default what the nodes say they may need, and 10. */
                    timeout?: number;
                    /** @description Preferences of nodes that this request overrides, and nothing that is safety. `health`: the node may be below its `min_health`. `priority`, with `from` alone: where no coordinator contends by itself, one of priority 0 is named; a request with `to` needs it not. `resources`: the node may lack resources that another coordinator is configured with, which no node holds then; with `from` alone, where no coordinator contends by itself, such a one is named. */
                    force?: ("health" | "priority" | "resources")[];
                    /** @description Judge the request as for real, and write nothing: the status and the body are those of a request without `wait`. */
                    dry_run?: boolean;
                };
            };
        };
        responses: {
            /** @description It was so already, or it has succeeded. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Switchover"];
                };
            };
            /** @description In progress: the reply to a request without `wait`. */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Switchover"] | components["schemas"]["OutcomeUnknown"];
                };
            };
            /** @description The request is malformed, or an argument is wrong. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A known API key is needed. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The key does not allow this; or the request comes from a web page of another site; or, where no key is needed, by a host that is not known. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description It cannot be done as things are now: another switchover is in flight, another program writes the primary key, or a node is not in a state for it. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] | components["schemas"]["SwitchoverProblem"];
                };
            };
            /** @description The primary is not as the request expects; it comes with the present one. */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body has a media type that this route does not take. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description It cannot be done as things are, with every reason. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many wrong keys or writes within a minute; try again after Retry-After. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The switchover that was waited for failed. */
            502: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] | components["schemas"]["SwitchoverProblem"];
                };
            };
            /** @description ZooKeeper cannot be reached, or waiting for the lock timed out; retry after Retry-After. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] | components["schemas"]["SwitchoverProblem"];
                };
            };
            /** @description The switchover that was waited for was not done within its bound. */
            504: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] | components["schemas"]["SwitchoverProblem"];
                };
            };
        };
    };
    getEligibility: {
        parameters: {
            query?: {
                /** @description Whether the reply has to show everything that was committed before the request; 503 if ZooKeeper cannot tell. Without it the reply is from the view that watches feed. */
                consistent?: "" | "true" | "false";
            };
            header?: {
                /** @description ETags that the client knows, or *. */
                "if-none-match"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The coordinators, sorted by name. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Eligibility"][];
                };
            };
            /** @description As the client knows it, by the ETag that it sent. */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The request is malformed, or an argument is wrong. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A known API key is needed. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The key does not allow this; or the request comes from a web page of another site; or, where no key is needed, by a host that is not known. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many wrong keys or writes within a minute; try again after Retry-After. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description ZooKeeper cannot be reached, or waiting for the lock timed out; retry after Retry-After. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getSwitchover: {
        parameters: {
            query?: {
                /** @description Seconds to wait at most for the end of it. The reply comes as soon as there is something to say. */
                wait?: number;
                /** @description Whether the reply has to show everything that was committed before the request; 503 if ZooKeeper cannot tell. Without it the reply is from the view that watches feed. */
                consistent?: "" | "true" | "false";
            };
            header?: {
                /** @description ETags that the client knows, or *. */
                "if-none-match"?: string;
            };
            path: {
                /** @description The number of the switchover. */
                epoch: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The switchover. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Switchover"];
                };
            };
            /** @description As the client knows it, by the ETag that it sent. */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The request is malformed, or an argument is wrong. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A known API key is needed. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The key does not allow this; or the request comes from a web page of another site; or, where no key is needed, by a host that is not known. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not kept any more. */
            410: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many wrong keys or writes within a minute; try again after Retry-After. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description ZooKeeper cannot be reached, or waiting for the lock timed out; retry after Retry-After. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getSwitchoverTimeline: {
        parameters: {
            query?: {
                /** @description Whether the reply has to show everything that was committed before the request; 503 if ZooKeeper cannot tell. Without it the reply is from the view that watches feed. */
                consistent?: "" | "true" | "false";
            };
            header?: {
                /** @description ETags that the client knows, or *. */
                "if-none-match"?: string;
            };
            path: {
                /** @description The number of the switchover. */
                epoch: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The entries. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StoryEntry"][];
                };
            };
            /** @description As the client knows it, by the ETag that it sent. */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The request is malformed, or an argument is wrong. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A known API key is needed. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The key does not allow this; or the request comes from a web page of another site; or, where no key is needed, by a host that is not known. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such thing. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not kept any more. */
            410: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many wrong keys or writes within a minute; try again after Retry-After. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description ZooKeeper cannot be reached, or waiting for the lock timed out; retry after Retry-After. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    followEvents: {
        parameters: {
            query?: {
                /** @description Whether the reply has to show everything that was committed before the request; 503 if ZooKeeper cannot tell. Without it the reply is from the view that watches feed. */
                consistent?: "" | "true" | "false";
            };
            header?: {
                /** @description The id of the last event that was read. */
                "last-event-id"?: string;
                /** @description ETags that the client knows, or *. */
                "if-none-match"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The stream, until the client or this API ends it. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": string;
                };
            };
            /** @description As the client knows it, by the ETag that it sent. */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The request is malformed, or an argument is wrong. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A known API key is needed. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The key does not allow this; or the request comes from a web page of another site; or, where no key is needed, by a host that is not known. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many wrong keys or writes within a minute; try again after Retry-After. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description ZooKeeper cannot be reached, or waiting for the lock timed out; retry after Retry-After. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
}

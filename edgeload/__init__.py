"""Load tester for a Groundlight Edge Endpoint: the map of the package, in reading order.

A *plan* says when every request is due. *Clients* send them and write down *records*. *Analysis*
turns records into numbers, and *findings* say how far to trust them. The running side (`run`) and
the reading side (`read`) never import each other: they meet in the plan, the records and the log.

    config.py -> settings -> plan -> run -> (edge endpoint)
                                      |
                                      v records
                                    runlog -> read -> report, plots

The programs

__main__                `edgeload COMMAND`: the entry point
commands                one module per command, shared by the entry point and the three scripts
    run                 one load test, its plan alone, or a calibration
    restore_edge_config  puts the box's configuration back from a file
    repeat              a series of runs, and its logs read again
    report              report and compare: results from logs alone
    list_runs           list: the runs that are kept
    check               check: the endpoint and its detectors, in seconds
    cluster_check       cluster-check: the machines that make a load together
    memory              memory: RAM and VRAM per detector
    monitor             this host's CPU, memory, network and GPUs
    simulate            the embedded endpoint as a program
    prepare             makes the detectors of a mix, and configures the box for them
    cleanup             undoes that
    box_options         how both reach the box and the cloud
completion              options and words for a shell that completes them
installation            the version, and what to type if Python is too old or lacks a package
cli                     what all programs share on the command line
arguments               the options of a load test, made from the settings' declarations
config_file             finds the user's config.py and takes its constants

What everything is about

durations               a time, `500ms` or `1m30s`, from text to seconds, and its limits
objectives              what a user demands of an endpoint, `p95<300ms`, from text to value
settings                the settings of a run
    fields              every setting, declared once
    declaration         what a setting says about itself, beside its type and default
    values              the types of the settings: texts -> legal values
    groups              the camera groups of a run, with all of their settings
    required            a required capacity, against the loads that a run will try
    yaml_texts          the text of a YAML file -> its nodes, and their lines
    mix_yaml            the text of a mix file (YAML) -> groups of texts, with their lines
    make_spec           the detector of a group that `edgeload prepare` makes
    mix_file            these -> camera groups, checked
    mix_words           what is wrong with one of them, in one line
    search              the settings of a search for the capacity
    wanted_file         a mix file, or a text, -> the cameras to serve
    resolved            every setting in one legal value, and what follows from it
    resolving           config.py, environment and command line -> one frozen Settings
    single_setting      one setting by itself
    setting_error       why settings are refused
    run_series          the settings, the log and the folder of each of several runs
    error_words         why a value was refused, and what is legal
    audit_settings      the settings of a cache audit
    soak_settings       the settings of a soak
    rollout_settings    the settings of a run that waits for roll-outs
    cluster_fields      the settings of a run whose load is made by many machines, declared once
    cluster_settings    what does not fit together in them
    target_map          which endpoint each node loads: a text, or the YAML file that it names
    fleet_settings      what does not fit together if they load several
    table               the settings as a table: docs/settings.md
camera_group            cameras of one kind, and the places of all cameras
plan                    ramp steps, and when each frame of each client is due
interference_plan       the plan of an interference run: groups alone, then in pairs
audit_plan              the plan of a cache audit: new and repeated pictures in pairs
records                 what a run writes down: one typed record per line of the log
box_records             what the box and its host say, as lines of the log
wanted_cameras          cameras to serve: `120@2`, from text to value
search_axis             what a search changes between trials: a load, a number -> a step
runlog                  the shared log: many processes append, damaged lines are reported
generator_limits        how late and how busy our own machine may be
message_lines           standard error on which every sentence is a JSON line
failure_classes         what each class of failed requests means, and what to do
byte_sizes              sizes of memory
edge_facts              what holds for every Edge Endpoint
target_rules            where a load may go: never to the cloud
machine                 what the operating system says about this machine's processor
core_topology           which physical cores a process may use
cpu_times               how busy each of them was, and what a hypervisor took
core_plan               which of them each worker process gets
cgroup_files            what a cgroup has used and may use, and which one is ours
start                   starts a program so that Ctrl-C never shows a traceback
stopping                which signals stop a program that has not begun yet
signals                 Ctrl-C, SIGTERM and a closed terminal, to be counted and waited for
nameless_file           a temporary file that the system deletes when its process ends
fork_server             in the process that forks workers: what must not outlive our program
file_names              what no file can be called
untrusted_text          text from outside, made safe to log and to print
import_path             where modules are looked for: in the current folder last
child_processes         how processes of ours are started: without the token
child_main              their main module
keeper                  the process that restores the box, whatever happens to ours
keeper_process          our end of it
package_last            the same import path for the process that forks workers
plain_words             small pieces of English
time_words              spans of time in seconds, minutes, hours or days
file_locks              the lock of a file: to hold it, and which process does
kept_runs               the folders in which runs are kept, and which one a user means
private_files           files that only their owner may read, written in whole sets
palette                 the colours of all figures
png_style               how every figure looks, and how one is saved
exit_codes              exit codes of all programs

The running side

edge                    the Edge Endpoint from outside
    location            resolves its name once, before any load
    looking_up          addresses of names, in bounded time
    bounded_answers     connections whose answers are bounded in size and time
    causes              the cause inside an error that libraries have wrapped
    tls_words           why a TLS connection failed, and what helps
    asking              one GET request, with the likely cause of a failure
    readiness           asks whether it is ready
    detectors           finds the detector by its name
    configuration       how the box is configured for it
    config_form         which form that must have, and its secrets
    edge_config         its whole configuration: read, changed, replaced, kept in a file
    unlisted_models     what a PUT would take down although nobody meant to
    open_put            a PUT that may be on its way still
    putting_back        puts back the one from before
    json_values         parts of an answer of which nothing is certain
    box_facts           what it says about itself, its detectors and its images
    box_resources       what it says about its CPU, memory and GPUs
    sdk                 the Groundlight SDK without its silent retries
    sdk_answers         how its connections read an answer
    other_protocols     what a server speaks that does not answer in HTTP/1
    host_monitor        asks a monitor on its host for samples and clocks
    round_trip          how long the network to the endpoint takes
    trust               which TLS certificates are trusted
run                     sends the planned requests and writes down what happened
    session             from settings to a finished log
    embedded_endpoint   starts the simulator if the settings name no endpoint
    reaching            from the URL to an endpoint that is ready
    fleet               the endpoints of a run whose nodes load several
    no_cloud            lets the box answer without the cloud for the time of a run
    saved_configs       what runs have saved of boxes before they changed them
    restoring           puts its configuration back at the end
    announcement        what the box says about the detector, in sentences
    load_ahead          what a run is about to send, and where to, in one line
    preflight_queries   real image queries before the ramp
    warm_up             waits for an endpoint that was just configured, and asks it many times
    preflight_rules     when they have shown enough, and what a refusal means
    asking_alone        asks for the answers that pictures get without load
    answers_alone       what follows from them
    picture_answers     what was said about a picture, and whether it changed
    preflight           checks that can fail a run before anything is sent
    environment         facts for the log's header: machine and versions
    images              the pool of different pictures
    picture_file        the pool in one file that all workers map
    pictures            the pools of all camera groups
    audit_pictures      the pictures of a cache audit, all of one size
    audited_run         the load of a cache audit
    group_setup         camera groups, detectors and pictures -> tasks and records
    tasks               what a worker has to know before the run
    log_place           refuses a log that would overwrite something, or is in use
    keeping             keeps a run in a folder of its own
    kept_log            the log, whatever happens to its file
    plan_record         the plan as the log's header records it
    supervisor          follows one run from its start to its end
    journal             writes what the parent process knows into the log
    clean_box           what speaks against a box as the only thing that is measured
    box_watch           watches the box beside the load
    box_watching        the process that does
    trials              a run whose steps somebody else decides as it goes
    trial_worker        a worker process of such a run
    trial_schedule      which frame of its clients is next
    phases              which phase of a run follows which event
    abort_conditions    does a step fulfil a condition that ends a run early?
    workers             what drives a run sees of its workers, on one machine or on many
    core_look           looks at the cores before the load, and plans who gets which
    pinning             puts the workers on them, and everything else elsewhere
    stolen_time         what a hypervisor took from them, once a second
    worker_processes    starts the worker processes and notices when they end
    worker_start        their first steps, and why one cannot start
    worker              one worker process: the loop that hosts many clients
    poller              waits until a socket is ready or an instant has come
    pacing              which request of a client is next, and which it has missed
    templates           what the clients of each group send
    request_template    what the requests of many clients have in common
    kept_connection     rules for a connection that is kept
    client              one client over HTTP
    chain               one client whose frames need several answers
    sdk_client          one client that uses the Groundlight SDK
    connection          one non-blocking connection, plain or TLS
    tcp_account         how long requests were on their way, by the kernel's account
    wire                one request as bytes; what an answer says, checked
    answer_reader       one answer, from bytes that arrive in pieces
    answer_head         the head of a plain answer, by one strict pattern
    model_watch         notices in the answers when another model answers
    rollouts_seen       the roll-outs that all workers have seen so far
    recorder            what happened -> records, counts and lines of the log
    recent_ids          the ids of the last answers, to find one that was given before
    core_waits          how long this process waited for a core, and what its CPU limit did
    counters            live counts of the workers in shared memory
    progress_screen     shows progress as a view, as lines of text or JSON, or not at all
    live                shows a ramp while it goes
    live_history        what its view remembers
    live_state          the state that follows: all that any form of it shows
    live_layout         the view for a terminal of any size
    live_tables         its tables and lines, made to fit
    live_words          its words and numbers
    sparkline           a row of small bars
    backlog_watch       the backlogs of a step, of all groups together and of each
    growing_backlog     does the backlog of the present step grow already?
    objectives_so_far   what the live counts say about the objectives
    dues_so_far         how many frames have fallen due by now
    progress_record     the typed records of the JSON lines
    dry_run             shows the plan as a table
    due_counts          how many frames of a run are due, also of a very large one
    prometheus          serves the live counts while the run goes
cluster                 one run whose load is made by many machines
    cluster_run         how many workers each node has, and what the log says about it
    cluster_workers     the workers of a run on all nodes, driven like those of one machine
    node_link           one node as the driver sees it: asks how it is, notices a lost one
    node                one node: runs its share, and stops by itself when nobody asks
    cluster_checking    checks the nodes before a run
    node_words          what the driver and a node tell each other
    pulled_log          brings the log of a node to the driver
    summed_counts       the counts of all nodes together
    clock_look          how the clocks of two machines lie to each other
    engine              what a cluster run needs of what carries its calls
    ray_engine          Ray, which carries them
    ray_environment     how Ray is kept quiet and closed
    ray_probe           asks a cluster what Ray would take a minute to say
    local_ray           a Ray cluster on this machine alone
simulator               the embedded endpoint, whose capacity is known
    __main__            `python -m edgeload.simulator`
    launch              starts one from another program, and makes sure that it ends
    command_line        its command line -> Options
    options             what it can be asked for: one frozen Options
    option_values       the text of an option -> its value
    detector_option     the text of --detector -> a detector
    deployment          which detectors it serves, and which workers serve each
    pool_capacity       what a pool of workers can serve, by queueing theory
    description         the endpoint in one line
    supervisor          the parent process
    proxy               a proxy process: reads and writes HTTP
    messages            the messages between a proxy and the inference process
    inference_process   the process around `inference`: sockets, timers, truth log
    inference           decides which answer a query gets and when
    accounts            what serves each detector, and its counts
    pools               the pools of workers, each behind a queue
    picture_cache       what a cache of pictures saves
    resident_memory     how much memory it uses: more for each detector
    pods                which detectors were taken down or are being loaded
    slowdown            a box that gets hot
    contention          pools that slow each other down, and by which law
    queueing            c servers behind one queue, computed exactly
    faults              what goes wrong on request, and how often
    rollout_option      the text of --rollout -> a roll-out
    model_rollouts      which model answers, while new ones are rolled out
    query               an image query according to the contract
    routes              all other routes
    status              what it says about itself and its resources
    detectors           the detectors and the edge configuration that they show
    truth               the ground-truth log
    certificate         the self-signed certificate
    null                an endpoint that only answers
smoke_test              a few quick checks of the endpoint and its detectors
    checking            carries them out in bounded time
    bounded_call        calls something for a limited time, whatever it does
    check_line          what one check has seen, and the exit code of all
    box_checks          what was seen of the endpoint as a whole
    detector_checks     what the answers about one detector mean
    check_words         the lines for people, and as JSON
box_memory              how much memory each detector takes, and for how many more there is room
    memory_session      from settings to memory.json
    measuring           adds detector after detector, and reads the memory once it has settled
    settling            has it settled? some of the box's figures are copies of earlier ones
    reading             what the box said of its memory, and its parts
    limits              how full the box may become
    held_box            the box meanwhile: its configuration is changed, and put back
    gentle_load         asks the detectors at a bounded rate
    memory_result       readings -> memory per detector, and room for more
    memory_words        what is said about it
    memory_figure       memory against the number of detectors
    memory_record       the typed records of memory.json and readings.jsonl
    readings_file       each reading on disk as soon as it is taken
    memory_results      prints the result, and writes its files
prepare                 makes the detectors of a mix, and undoes it
    wanted              a mix -> the detectors to make, and those that must exist
    priming_pictures    pictures whose labels are certain, to prime them with
    saved_pictures      saves them, for the groups of a mix
    note                what was made and changed, so that it can be undone exactly
    cloud               the cloud through its SDK
    cloud_address       where the token may go
    training            waits until their models are trained
    box_changes         what changes in the box's configuration, and back
    preparing           the steps of making, each noted
    undoing             the steps back
calibrate               measures how much load this machine can generate
variants                several configurations of the box, ranked by their capacity
    command             --variants FILE: from the settings to an exit code
    variants_file       the text of a variants file (YAML) -> variants, checked
    contest_run         applies the variants in turn, measures each, and restores the box
    applying            applies a variant: by its command, or by the person at the terminal
    measuring           measures the box as it is configured now
    capacity_shown      what a run shows of a variant's capacity
    measurement         what one measurement of one variant is
    contest             which variant is next, which one leaves, and when it is over
    ranking             capacities, their ratios, and the order of the variants
    variants_words      what is said about them
    variants_results    prints the ranking, and writes variants.json and variants.txt
    variants_record     the typed records of variants.json
web                     the report as a page that grows while a run goes on
    watched_run         starts the process that serves it, and tells it the final report
    server              that process: answers browsers on loopback
    growing_page        the log so far -> the page
host                    the host monitor
    monitor             reads the probes on time and writes each sample at once
    sampler             when samples are taken
    cpu_memory_network  reads CPU, memory and network through psutil
    kernel_counters     reads pressure, disks and TCP retransmits
    processes           reads CPU and memory of named programs
    cgroups             what pods use, and the monitor's own container against its limits
    gpu_process         asks NVML in a process of its own, which may hang
    nvidia              reads NVIDIA GPUs through NVML
    serving             serves the samples while it samples
    jetson              reads a Jetson's GPU from sysfs
    samples             what is written: typed records, one JSON line each
    json_records        frozen dataclasses to JSON and back
    quantities          names and units of what is sampled
    columns             samples -> columns over time, thinned for a picture
    summary             samples -> smallest, mean and largest values
    console             progress while it samples, and a table at the end
    plots               samples -> pictures

The reading side

read                    a log -> columns -> summary -> findings, report and plots
    results             from logs to everything that a user gets
        run_results     the log of a run
        comparison_results  those of two sides of a comparison
        repeats_results  those of several runs of one measurement
        results_folder  the files, written together or not at all
    log                 a log of either form, read into columns
        open            opens a log; a pandas table for notebooks
        source          files, pipes, standard input; packed, UTF-16 -> a file of lines
        columns         one row per request sent, and what else the log says
        log_error       what is wrong with a log as a whole
        frames          requests -> frames, each of one request or several
        kept_texts      the texts of failures, while a log is read: few of them are kept
        text_groups     which texts of failures say the same
        growing_column  one column of these, while a log is read
        table_builder   records -> columns, while a log is read
        host_axis       samples of the host's monitor on the clock of the run
        header_checks   what a header may say: values that a run can have had
        stretches       a large log, read by several processes
        live_log        a log while it is written: so far, or the present trial of a search
        group_log           one camera group of a log, as a log of its own
        older_form      logs of the older form
        older_table     their requests as columns
        run_folder      a folder of logs that upstream's tools wrote
        lens_log        logs of cameras in it -> a log with camera groups
        lens_facts      what else stands in such a folder
        older_joined    rows of several files in order of time
        older_times     their lines on one time axis
        older_rows      their lines in columns, as they were written
        older_line      one of their lines: a request, a ramp step, a sample of the host
        older_host      their CPU and GPU lines -> samples of the host
        failure_text    the text of a failure -> its class
        instants        units, zones and jumps of a wall clock -> one steady time axis
        summaries       summary.json of earlier runs, read back
        kept_list       the runs that are kept, as their summaries tell
    statistics          statistics that know nothing of load tests
        windows         spans of run time: counts and rates
        grouped         the order of entries by group, and by value within each
        age             the age of each camera's newest answer, exactly, over time
        backlog         does a backlog grow? then the load is not carried
        boundary        from trials of loads to the largest that is carried
        share_boundary  from counts of bad requests to the load beyond which too many are
        effective_size  how many independent values neighbours that are alike are worth
        percentiles     percentiles and shares with their intervals
        steadiness      whether a step had settled
        drift           a warm-up longer than the cut, a box that slows down
        slope           the growth per unit of a count, with its interval
        scaling_law     the Universal Scalability Law
        two_samples     shifts with intervals and p-values, ratios of percentiles
        over_runs       the mean over runs, and whether runs disagree
        signed_ranks    the shift of pairs, with its interval and p-value
        paired_ratios   ratios of pairs that were measured soon after each other
        shares          the difference of two shares, with its interval
        closed_loops    what clients would have asked while they waited for an answer
        plateau         whether a long step ends as it began, and since when
        change_point    where the level of a series of runs changed
        format          numbers in few digits
    analysis            columns -> numbers and codes
        step_summary    a ramp step in numbers
        steps           one ramp step of a log -> its summary
        margins         how far an objective is from its bound, as evidence
        share_counts    the bad requests of a trial, as evidence
        open_shares     the bad requests that limit a capacity, or leave it open
        trials          what one trial of a search says about its load
        window_times    times of what fell due in a window
        worker_effort   what the worker processes spent in a window: CPU, waits for a core
        generator_lag   how late the generator sent, and who waited for that
        detector_times  what each detector was asked in a step, and how long it took
        age_bound       whether the ages of the newest answers hold a bound
        camera_age      the age of the newest answer of a log's cameras
        littles_law     requests in flight against throughput and time
        generator_doubts  because our own machine was too slow
        validity        what forbids to present a step's numbers as the endpoint's
        objectives_by_load  which loads of a ramp meet an objective, and what all say together
        required_capacity  the capacity that somebody requires, against what a run shows
        objective_results  objectives: pass, fail or undecided
        cold_answers    answers that were slow because something was cold
        connection_limit  what shows that the proxy took no more requests at once
        outages         spells without a good answer
        shortfalls      what keeps a step from showing that its load is carried
        side_by_side    what is found in each of several steps, two at a time
        capacity        what a ramp shows of the capacity
        queueing_detector  which detector of a chain is the limit
        network_share   the part of service time spent on the way to the endpoint
        energy          how much energy the GPUs take for an answer
        host_series     how busy the box was over the run
        cluster_nodes   the nodes of a cluster run, their clocks, and which were lost
        endpoint_part   the part of a run that one of several endpoints is
        endpoints       each endpoint's part of a run, and what all together say
        host_means      how busy it was in one step
        host_plateau    how the host changed in a long step
        host_in_steps   how busy the endpoint's host was in each step
        soak_result     how a long step ended, compared with how it began
        soak            long steps -> that
        limiting_resource  which resource limited the endpoint
        box_story       what the box said about itself, and what changed
        limit_result    what a run shows of that
        utilisation_law how much of each resource of the host an answer takes
        run_summary     a run in numbers
        search_result   what a search shows: the capacity of each tier
        searching       the log of a search -> that
        headroom_result what a search for headroom shows
        headroom        the log of a search for headroom -> that
        box_plan        from the capacity of one box to the boxes that cameras need
        box_planning    a run and the cameras that are wanted -> that
        summarising     a log -> the summary of its run, in a mix group by group
        failures        failures by class and text
        series          what plots over time show, in few points
        percentile_curves  how the times of each step spread
        differences     what else is not the same on two sides
        compared_loads  the steps of two sides that had the same load
        compared_mixes  the loads to compare; of mixes, by camera group
        compared_windows  a load cut into windows of time
        compared_quantities  the quantities of one load, a verdict each
        compared_capacity  the capacities of two sides
        compared_searches  the capacities that searches of two sides found
        comparison      two sides -> better, worse, same, undecided or not comparable
        run_figures     what is compared between runs of one measurement
        repeats         each figure over such runs, and whether they disagree
        repeat_findings  findings about such runs
        kept_answer     what a kept run found, from its summary
        history         earlier runs in order of time -> changes of level
        interference    what groups do to each other, round by round
        cache_audit     whether repeated pictures are answered faster
        influence       what a group is beside another one, and the verdict
        finding         the one type for what was found out
        model_spans     from when to when each model answered, over all workers
        rollouts        its roll-outs: when, and how long both models answered
        rollout_cost    what one cost: lost requests and slow answers
        rollout_findings  findings about models that changed
        answer_findings findings about what the answers said
        failure_findings  failures by class, and answers that the edge did not give
        box_findings    findings about how the box is configured
        host_findings   findings about what limits the host
        soak_findings   findings about long steps
        time_findings   findings about the times
        generator_findings  findings about the cores of our own machine
        findings        all findings about a run
    words               numbers and codes -> sentences
        headline        a run's answer
        mix_words           which group of a mix fails first, and what its copies are
        undecided_loads     why loads are undecided, and what would tell
        felt                the time that a camera feels
        limit               what limits the capacity
        box_story_words     what the box says about itself
        rollout_words       a roll-out of a model, and what it cost, in a sentence
        limit_words         the resource that limits, in sentences
        limit_kinds         what was seen of each such resource, and what to do
        next_step           what to do next, in one sentence
        detector_words      what each detector was asked
        group_words         the answer of one camera group of a mix
        outage_words        an outage
        longer_steps        how long steps must be to tell, as the option to type
        loads               a load: clients, or copies of a mix and their cameras
        closed_loop_words   what a closed loop shows
        headroom_words  what fits beside a mix
        box_plan_words  how many boxes are needed
        finding_kind    what is said about one kind of finding
        endpoint_words  the part of each endpoint, step by step, as a table
        cluster_kinds   the findings about the nodes of a cluster run
        invalid_kinds   what makes a run INVALID: meaning, cause, advice
        warning_kinds   what went wrong, or makes the answer poorer
        note_kinds      how figures are to be read
        answer_kinds    the findings about what the answers said
        box_kinds       the findings about how the box is configured
        host_kinds      the findings about the host
        load_findings   why a load is not the capacity
        comparison_kinds  why loads, capacities and camera groups were not compared
        repeat_kinds    the findings about runs that were repeated
        repeat_words    what several runs say together
        finding_words   a finding in words
        findings_page   docs/findings.md
        objective_words an objective and how it was met
        run_names       what the user calls a run, its box, and the sides of a comparison
        kept_words      a kept run in few words
        comparison_words  a comparison
        compared_search_words  searches for the capacity, compared
        compared_group_words  its camera groups and their loads
        history_words   a history of runs, in one line
        titles          titles of the figures
        legend_words    what the signs in a chart mean
        search_words        the answer of a search for the capacity
        search_limits       what limits it, how it gets worse beyond, what to plan for
        share_words         bad requests that limit it, or leave it open
        search_loads        a load in what the search counts
        trial_words         its trials, and why each passed, failed or was undecided
        trial_kinds         what is said otherwise of a trial than of a step
        search_cards        the same answer for cards of the page
        search_titles       titles and legends of its figures
        interference_words  what groups do to each other
        beside_words        the same, group by group
        audit_words         whether repeated pictures are answered faster
        terminal_words  the fixed sentences around a report's tables
        soak_words          how a long step ended, compared with how it began
    figures             what is shown: one specification for each figure
        chart           the specification: charts, lines, marks, pictures
        scales          limits and ticks of axes
        signs           hollow points, crosses, shades, and what they mean
        by_load         throughput and times against clients
        over_time       throughput, and percentiles of the times, over time
        percentile_curves  how long the slowest few take
        age_charts      how old the newest answers of cameras are
        box_figure      the box beside the load, on one axis of time
        failures        failures over time, by class
        rollout_marks   a line in each of them where a new model began to answer
        group_panels        a panel for each camera group of a mix
        search_figures      those of a search for the capacity
        trial_gaps          lines over time that break between its trials
        search_axes         its loads on an axis
        headroom_figures    those of a search for headroom
        ladder              the load of each trial over time, and the interval that closes
        audit_chart         times of new and of repeated pictures
        heat_map        how the times spread over a long run
        compared        two sides of a comparison: throughput and times at each load
        compared_curves  how the times of their loads spread
        shown           all charts of a run, as pictures and for the page
        comparison_shown  all charts of a comparison
    output              how it is shown
        terminal        a report in the terminal
        trial_table     the trials of a search, in the terminal
        detector_table  what each detector was asked, in the terminal
        endpoint_table  what each endpoint was asked, in the terminal
        wrapped         width and wrapping
        audit_table     new and repeated pictures, in the terminal
        page_frame      what every page has: head, styles, scripts, policy, charts
        junit           the objectives as JUnit XML, for a build server
        page            report.html
        page_steps          its table of steps
        page_groups         what it says about each camera group
        page_search         what it says about a search
        summary_json    summary.json
        summary_record  its typed records and JSON Schema
        schema_part     what every part of it is
        step_schema     its records of steps, camera groups and objectives
        capacity_schema  of the capacity, and of what bounds it
        search_schema   of searches, and what follows from them
        experiment_schema  of interference runs and cache audits
        box_schema      of the box, its host, its models and its limit
        soak_schema     of long steps
        summary_parts   those of a step and of a camera group, filled
        endpoint_record     each endpoint's part of a run, in summary.json
        rollout_record      models and their roll-outs, in summary.json
        interference_record  what groups do to each other, in summary.json
        search_records  what a search found, in summary.json
        soak_record     long steps as records of summary.json
        headroom_record what fits beside a mix, in summary.json
        headroom_tables its trials in the terminal
        box_plan_record how many boxes are needed, in summary.json
        box_plan_table  the same in the terminal
        audit_record    a cache audit, in summary.json
        json_numbers    numbers in JSON: null for no data
        markdown        texts and tables in Markdown, nothing of a stranger's as markup
        summary_md      summary.md
        steps_csv       steps.csv
        hdr             files for HdrHistogram's plotter
        comparison_json comparison.json
        comparison_rows  the rows of a comparison, load by load
        comparison_page  comparison.html
        comparison_md   comparison.md
        comparison_terminal  a comparison in the terminal
        kept_table      the kept runs in the terminal, and as JSON
        repeats_json    repeats.json
        repeats_terminal  several runs in the terminal
        painter         draws pictures in a process of its own
        png             charts -> PNG files
            renderer    one picture
            parts       lines, points, bars and axes
            legend      the legend of a chart

The search for the capacity

search                  which load is tried next, for how long, and when to stop
    session             from settings to the log of a finished search
    driver              carries out trial after trial
    turns               whose turn it is: which axis of the search, which tier
    strategy            after each trial: the next one, or the end
    counting            how long a trial must be to count enough requests
    looks               when a running trial is looked at, and when it is decided
    judging             what a trial shows while it goes on
    view                shows the search while it goes
    outline             shows how it would go
"""

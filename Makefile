# Short names for commands of `selat`. `make help` lists them.
PYTHON ?= python3
VENV   ?= .venv
ENGINE ?= embedded
BIN    := $(VENV)/bin
# The state folder knows the engine of its network, so an engine is passed on only if ENGINE is set.
CHOSEN  = $(if $(filter command environment,$(origin ENGINE)),--engine $(ENGINE))
FILE    = $(if $(CONSORTIUM),--consortium '$(CONSORTIUM)')
SHARED  = -n auto --maxprocesses 6 --dist loadscope --no-loadscope-reorder
FOLDER  = $(if $(STATE),--state '$(STATE)')

# A daily act on the consortium file and the network; PLAN=1 only shows what it would change.
ACT     = $(BIN)/selat network
AS      = $(FILE) $(FOLDER) $(if $(PLAN),--plan) $(if $(YES),--yes)

# The organisation that a target acts for; one whose folder holds its keys alone needs no name.
FOR     = $(if $(MSP),--organisation $(MSP))

# Runs a long test and writes its row in docs/reliability.md: $(RECORDED) WHAT AMOUNT COMMAND.
RECORDED = $(BIN)/python -m tests.reliability

# Stops a target that needs a variable and did not get it: $(call needs,NODE,name).
needs   = $(if $($(1)),,$(error $@ needs $(1)=$(2); `make help` shows an example))

.DEFAULT_GOAL := help
.PHONY: docs
.PHONY: help demo test coverage conformance conformance-record hostile cuts kills fuzz properties check up down status stop start plan apply batch policy acl capability anchor channel-create channel-join channel-leave remove-organisation chaincode-upgrade collection user-enrol user-revoke renew ca-roll orderer-add orderer-remove peer-add peer-remove backup unpack add-organisation channels channel-info peers logs certificates chaincode-status metrics render invite join propose sign submit chaincode-propose chaincode-package chaincode-install chaincode-approve check-readiness chaincode-commit audit bench capacity dist clean

help:  ## Show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 20

$(VENV)/python:
	@$(PYTHON) -c 'import sys; v = sys.version_info; v >= (3, 11) or sys.exit("Selat needs Python 3.11 or newer, and %s is %d.%d. Name a newer one: make PYTHON=python3.12 ..." % (sys.executable, v[0], v[1]))'
	@$(PYTHON) -m venv $(VENV) && touch $@

$(VENV)/run: $(VENV)/python setup.cfg hlf/setup.cfg
	@$(BIN)/pip install --quiet --disable-pip-version-check --editable ./hlf --editable . && touch $@

$(VENV)/dev: $(VENV)/python setup.cfg hlf/setup.cfg
	@$(BIN)/pip install --quiet --disable-pip-version-check --editable ./hlf --editable '.[test,check,bench]' && touch $(VENV)/run $@

$(VENV)/docs: $(VENV)/run
	@$(BIN)/pip install --quiet --disable-pip-version-check --editable ./hlf --editable '.[docs]' && touch $@

demo: $(VENV)/run  ## Play one consignment from Shenzhen to Hanoi (STORY=marketplace|peak for others, ORDERS=200, KEEP=1 leaves it up, ENGINE=native for the real Fabric)
	@$(BIN)/selat demo --engine $(ENGINE) $(if $(STORY),--story $(STORY)) $(if $(ORDERS),--orders $(ORDERS)) $(if $(KEEP),--keep)

# The tests start hundreds of programs, and each would compile every module again.
test coverage conformance compile-tests: export PYTHONDONTWRITEBYTECODE :=

test: $(VENV)/dev  ## Run every test this machine can run
	@command -v chromium >/dev/null || echo "No chromium here (apt-get install chromium): tests/browser leaves itself out, so no page is tried in a browser." >&2
	@$(BIN)/python -m pytest $(SHARED) --durations 20 --durations-min 1

.PHONY: compile-tests
compile-tests: $(VENV)/dev  ## Compile the tests once, which `make test` would do in each of its processes at its start
	@mkdir -p build && $(BIN)/python -m pytest --collect-only -qq >build/tests.txt || { cat build/tests.txt; exit 1; }

coverage: $(VENV)/dev  ## Measure which lines and branches the tests run, other processes included (TESTS=folder for a part)
	@mkdir -p build/coverage && $(BIN)/coverage erase
	@$(BIN)/coverage run -m pytest $(SHARED) $(TESTS); tests=$$?; \
	  $(BIN)/coverage combine --quiet && $(BIN)/coverage json --quiet -o build/coverage/all.json && \
	  $(BIN)/python -m tests.support.coveragetable $(if $(TESTS),--part) && exit $$tests

conformance: $(VENV)/dev  ## Compare an engine with the recorded answers of real Fabric (ENGINE=embedded|native)
	@$(BIN)/python -m pytest tests/conformance -k "test_every_case or test_the_$(ENGINE)_engine"

conformance-record: $(VENV)/dev  ## Record the answers of real Fabric (ENGINE=native; MISSING=1 asks only new questions)
	@$(BIN)/python -m tests.conformance.record --engine $(ENGINE) $(if $(MISSING),--missing)

hostile: $(VENV)/dev  ## Send what no honest member sends (N=100000 of each kind, SEED=0), and ask everybody for everything
	@SELAT_HOSTILE_INPUTS=$(or $(N),100000) SELAT_HOSTILE_SEED=$(SEED) $(RECORDED) "\`make $@\`" "$(or $(N),100000) of each kind" $(BIN)/python -m pytest tests/hostile --timeout 7200
	@SELAT_ALL_PAIRS=1 $(BIN)/python -m pytest tests/scenarios/test_hostile_members.py

cuts: $(VENV)/dev  ## Cut the paths of event consumers and kill them and their peers (N=500 cuts for each client)
	@SELAT_CUTS=$(or $(N),500) $(BIN)/python -m pytest tests/faults/test_cut.py

kills: $(VENV)/dev  ## Kill `apply`, the engine and every part of the service under load, at random moments (N=50 of each, ONLY=service, SEED=4)
	@SELAT_KILLS=$(or $(N),50) SELAT_SEED=$(or $(SEED),4) SELAT_ANSWERED_SECONDS=30 $(RECORDED) "\`make $@$(if $(ONLY), ONLY=$(ONLY))\`" "$(or $(N),50) $(if $(ONLY),kills,of each)" $(BIN)/python -m pytest tests/faults/test_interrupted.py tests/faults/test_killed.py tests/faults/test_service_killed.py -k '$(if $(ONLY),test_the_$(ONLY),test_an_apply or test_the_embedded_engine or test_the_service)' --timeout 36000

fuzz: $(VENV)/dev  ## Give every parser random bytes (N=100000, ONLY=name, SEED=0)
	@$(BIN)/python -m tests.fuzz.run $(ONLY) --inputs $(or $(N),100000) --seed $(or $(SEED),0) --record

.PHONY: soak
soak: $(VENV)/dev  ## Carry orders for HOURS=8 (or MINUTES=3) through two gateways; see that nothing grows, is lost or doubled (ENGINE=native; RATE=0.1 orders a second; BESIDE=1 does not judge p95)
	@$(BIN)/python -m benchmarks.soak --engine $(ENGINE) $(if $(MINUTES),--minutes $(MINUTES),--hours $(or $(HOURS),8)) $(if $(RATE),--rate $(RATE)) $(if $(BESIDE),--beside-others,--record)

.PHONY: lowest
lowest: $(VENV)/dev  ## Try `hlf` and its extras with the lowest versions that their files allow
	@SELAT_LOWEST=1 $(BIN)/python -m pytest tests/packaging

.PHONY: fuzz-api
fuzz-api: $(VENV)/dev  ## Send every operation of the API random input, right and wrong (N=100 of each)
	@SELAT_API_EXAMPLES=$(or $(N),100) $(RECORDED) "\`make $@\`" "$(or $(N),100) of each operation" $(BIN)/python -m pytest tests/unit/gateway/http/test_fuzzed.py --timeout 7200

properties: $(VENV)/dev  ## Try every property on random examples, other ones each time (N=2000 of each)
	@SELAT_EXAMPLES=$(or $(N),2000) $(BIN)/python -m pytest -m hypothesis $(SHARED)

.PHONY: histories
histories: $(VENV)/dev  ## Try random histories of orders, goods, returns and money, other ones each time (N=400 of each kind)
	@SELAT_HISTORIES=$(or $(N),400) SELAT_EXAMPLES=$(or $(N),400) $(BIN)/python -m pytest $(SHARED) --timeout 21600 tests/unit/contracts/histories tests/scenarios/market/test_stories.py::test_random_histories_neither_make_nor_lose_units_and_money

.PHONY: translations
translations: $(VENV)/dev  ## Bring the catalogues of the pages up to date, and say what has no words yet
	@$(BIN)/python -m gateway.pages.catalogues

.PHONY: screenshots
screenshots: $(VENV)/dev  ## Take pictures of every page, with one sheet of all, into build/screenshots (LOCALE=vi-VN)
	@$(BIN)/python -m tests.browser.screenshots build/screenshots $(if $(LOCALE),--language $(LOCALE))

check: $(VENV)/dev  ## Run the linters: ruff (rules and layout), mypy, import-linter
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy && $(BIN)/lint-imports --no-cache

up: $(VENV)/run  ## Start the consortium (ENGINE=embedded|native, CONSORTIUM=file, STATE=folder)
	@$(BIN)/selat network up $(CHOSEN) $(FILE) $(FOLDER)

down: $(VENV)/run  ## Stop the consortium (STATE=folder)
	@$(BIN)/selat network down $(FOLDER)

status: $(VENV)/run  ## Show what is running (STATE=folder)
	@$(BIN)/selat network status $(FOLDER)

stop: $(VENV)/run  ## Stop one peer or orderer while the others go on (NODE=name, STATE=folder)
	@$(call needs,NODE,name)$(BIN)/selat network stop $(NODE) $(FOLDER)

start: $(VENV)/run  ## Start a stopped peer or orderer again (NODE=name, STATE=folder)
	@$(call needs,NODE,name)$(BIN)/selat network start $(NODE) $(FOLDER)

plan: $(VENV)/run  ## Show what CONSORTIUM=file changes on the running network (JSON=1 for machines)
	@$(BIN)/selat network plan $(FILE) $(FOLDER) $(if $(JSON),--json)

apply: $(VENV)/run  ## Do what `make plan` shows (CONSORTIUM=file); YES=1 also takes away what the file leaves out
	@$(BIN)/selat network apply $(FILE) $(FOLDER) $(if $(YES),--yes) $(if $(JSON),--json)

batch: $(VENV)/run  ## Say when CHANNEL=name cuts blocks (TIMEOUT=200ms, MESSAGES=100)
	@$(call needs,CHANNEL,name)$(ACT) batch $(CHANNEL) $(if $(TIMEOUT),--timeout $(TIMEOUT)) $(if $(MESSAGES),--max-messages $(MESSAGES)) $(AS)

policy: $(VENV)/run  ## Set the policy NAME=name of CHANNEL=name to RULE="ANY Endorsement"; without RULE the default
	@$(call needs,CHANNEL,name)$(call needs,NAME,name)$(ACT) policy $(CHANNEL) $(NAME) $(if $(RULE),"$(RULE)",--remove) $(AS)

acl: $(VENV)/run  ## Guard RESOURCE=event/Block of CHANNEL=name by RULE=/Channel/Application/Admins; without RULE the default
	@$(call needs,CHANNEL,name)$(call needs,RESOURCE,event/Block)$(ACT) acl $(CHANNEL) $(RESOURCE) $(if $(RULE),"$(RULE)",--remove) $(AS)

capability: $(VENV)/run  ## Raise the capability LEVEL=application of CHANNEL=name to VERSION=V2_5
	@$(call needs,CHANNEL,name)$(call needs,LEVEL,application)$(call needs,VERSION,V2_5)$(ACT) capability $(CHANNEL) $(LEVEL) $(VERSION) $(AS)

anchor: $(VENV)/run  ## Name the anchor peers PEERS="peer0 peer1" of MSP=id
	@$(call needs,MSP,id)$(call needs,PEERS,"peer0 peer1")$(ACT) anchor $(MSP) $(PEERS) $(AS)

channel-create: $(VENV)/run  ## Make the channel CHANNEL=name of MEMBERS="AMSP BMSP"
	@$(call needs,CHANNEL,name)$(call needs,MEMBERS,"AMSP BMSP")$(ACT) channel-create $(CHANNEL) $(MEMBERS) $(AS)

channel-join: $(VENV)/run  ## Make MSP=id, an organisation of the file, a member of CHANNEL=name
	@$(call needs,CHANNEL,name)$(call needs,MSP,id)$(ACT) channel-join $(CHANNEL) $(MSP) $(AS)

channel-leave: $(VENV)/run  ## Show how MSP=id leaves CHANNEL=name; YES=1 does it
	@$(call needs,CHANNEL,name)$(call needs,MSP,id)$(ACT) channel-leave $(CHANNEL) $(MSP) $(AS)

remove-organisation: $(VENV)/run  ## Show the removal of MSP=id from all channels or CHANNEL=name; YES=1 does it
	@$(call needs,MSP,id)$(ACT) remove-organisation $(MSP) $(if $(CHANNEL),--channel $(CHANNEL)) $(AS)

chaincode-upgrade: $(VENV)/run  ## Put the next definition of CHAINCODE=name on CHANNEL=name in force (VERSION=1.1, RULE=policy)
	@$(call needs,CHANNEL,name)$(call needs,CHAINCODE,name)$(ACT) chaincode-upgrade $(CHANNEL) $(CHAINCODE) $(if $(VERSION),--version $(VERSION)) $(if $(RULE),--endorsement "$(RULE)") $(AS)

collection: $(VENV)/run  ## Add COLLECTION=name with the members RULE="OR('AMSP.member')" to CHAINCODE=name on CHANNEL=name
	@$(call needs,CHANNEL,name)$(call needs,CHAINCODE,name)$(call needs,COLLECTION,name)$(call needs,RULE,policy)$(ACT) collection $(CHANNEL) $(CHAINCODE) $(COLLECTION) "$(RULE)" $(AS)

user-enrol: $(VENV)/run  ## Make key and certificate of NAME=name at MSP=id (ATTRIBUTES="desk=7 shift=2")
	@$(call needs,MSP,id)$(call needs,NAME,name)$(ACT) user-enrol $(MSP) $(NAME) $(foreach each,$(ATTRIBUTES),--attribute $(each)) $(AS)

user-revoke: $(VENV)/run  ## Revoke NAME=name of MSP=id on every channel
	@$(call needs,MSP,id)$(call needs,NAME,name)$(ACT) user-revoke $(MSP) $(NAME) $(FILE) $(FOLDER)

renew: $(VENV)/run  ## Renew the certificates of NAMES="peer0.a.test AMSP/User1", keys kept
	@$(call needs,NAMES,"peer0.a.test AMSP/User1")$(ACT) renew $(NAMES) $(FOLDER)

ca-roll: $(VENV)/run  ## Show how MSP=id gets new roots of trust; YES=1 does it (UNTIL=trusted|renewed rests there)
	@$(call needs,MSP,id)$(ACT) ca-roll $(MSP) $(FOLDER) $(if $(YES),--yes) $(UNTIL:%=--until %)

orderer-add: $(VENV)/run  ## Start the orderer NAME=orderer1 of MSP=id and add it to every channel (DOMAIN=name for a new one)
	@$(call needs,MSP,id)$(call needs,NAME,orderer1)$(ACT) orderer-add $(MSP) $(NAME) $(if $(DOMAIN),--domain $(DOMAIN)) $(AS)

orderer-remove: $(VENV)/run  ## Show the removal of the orderer NAME=orderer1 of MSP=id; YES=1 does it
	@$(call needs,MSP,id)$(call needs,NAME,orderer1)$(ACT) orderer-remove $(MSP) $(NAME) $(AS)

peer-add: $(VENV)/run  ## Start the peer NAME=peer1 of MSP=id; it joins its channels
	@$(call needs,MSP,id)$(call needs,NAME,peer1)$(ACT) peer-add $(MSP) $(NAME) $(AS)

peer-remove: $(VENV)/run  ## Show the removal of the peer NAME=peer1 of MSP=id; YES=1 does it
	@$(call needs,MSP,id)$(call needs,NAME,peer1)$(ACT) peer-remove $(MSP) $(NAME) $(AS)

backup: $(VENV)/run  ## Write the state folder of a stopped network into ARCHIVE=file.tar.gz
	@$(call needs,ARCHIVE,file.tar.gz)$(BIN)/selat network backup '$(ARCHIVE)' $(FOLDER)

unpack: $(VENV)/run  ## Make the new state folder STATE=folder of ARCHIVE=file.tar.gz
	@$(call needs,ARCHIVE,file.tar.gz)$(call needs,STATE,folder)$(BIN)/selat network unpack '$(ARCHIVE)' $(FOLDER)

add-organisation: $(VENV)/run  ## Show the steps to add MSP=id to CHANNEL=name; APPLY=1 does them
	@$(call needs,CHANNEL,name)$(call needs,MSP,id)$(BIN)/selat network add-organisation --channel $(CHANNEL) --msp $(MSP) $(FILE) $(FOLDER) $(if $(APPLY),--apply)

channels: $(VENV)/run  ## List the channels with heights and members (STATE=folder)
	@$(BIN)/selat network channels $(FOLDER)

channel-info: $(VENV)/run  ## Say everything about CHANNEL=name: members, peers, settings, policies, chaincodes
	@$(call needs,CHANNEL,name)$(BIN)/selat network channel-info $(CHANNEL) $(FOLDER)

peers: $(VENV)/run  ## List the peers with heights and packages; fails if one does not answer (STATE=folder)
	@$(BIN)/selat network peers $(FOLDER)

logs: $(VENV)/run  ## Show the last lines of NODE=name (LINES=100)
	@$(call needs,NODE,name)$(BIN)/selat network logs $(NODE) $(if $(LINES),--lines $(LINES)) $(FOLDER)

certificates: $(VENV)/run  ## List certificates by their end; fails if one ends within DAYS=30
	@$(BIN)/selat network certificates $(if $(DAYS),--within $(DAYS)) $(FOLDER)

chaincode-status: $(VENV)/run  ## Show the chaincodes of CHANNEL=name with each member's approval
	@$(call needs,CHANNEL,name)$(BIN)/selat network chaincode-status $(CHANNEL) $(FOLDER)

invite: $(VENV)/run  ## Invite others to CHANNEL=name by PAPER=path (WITH="introductions", CONSORTIUM=file)
	@$(call needs,CHANNEL,name)$(call needs,PAPER,path)$(ACT) invite $(CHANNEL) '$(PAPER)' $(WITH:%=--with %) $(FILE) $(FOLDER)

join: $(VENV)/run  ## Join the channel of the invitation PAPER=path with the own nodes
	@$(call needs,PAPER,path)$(ACT) join '$(PAPER)' $(FILE) $(FOLDER) $(if $(PLAN),--plan)

propose: $(VENV)/run  ## Write what CONSORTIUM=file changes of CHANNEL=name into PAPER=path, for others to sign
	@$(call needs,CHANNEL,name)$(call needs,PAPER,path)$(ACT) propose $(CHANNEL) '$(PAPER)' $(WITH:%=--with %) $(FILE) $(FOLDER) $(FOR)

sign: $(VENV)/run  ## Show what PAPER=path proposes, and sign it (PLAN=1 only shows)
	@$(call needs,PAPER,path)$(ACT) sign '$(PAPER)' $(FOLDER) $(FOR) $(if $(PLAN),--plan)

submit: $(VENV)/run  ## Put the signed proposal PAPER=path in force
	@$(call needs,PAPER,path)$(ACT) submit '$(PAPER)' $(FOLDER) $(FOR)

chaincode-propose: $(VENV)/run  ## Write the definition of CHAINCODE=name on CHANNEL=name into PAPER=path
	@$(call needs,CHANNEL,name)$(call needs,CHAINCODE,name)$(call needs,PAPER,path)$(ACT) chaincode-propose $(CHANNEL) $(CHAINCODE) '$(PAPER)' $(FILE) $(FOLDER) $(FOR)

chaincode-package: $(VENV)/run  ## Write the package of CHAINCODE=name on CHANNEL=name into PACKAGE=file.tar.gz (MSP=id)
	@$(call needs,CHANNEL,name)$(call needs,CHAINCODE,name)$(call needs,PACKAGE,file.tar.gz)$(ACT) chaincode-package $(CHANNEL) $(CHAINCODE) '$(PACKAGE)' $(FILE) $(FOLDER) $(FOR)

chaincode-install: $(VENV)/run  ## Install PACKAGE=file.tar.gz on the organisation's peers (MSP=id)
	@$(call needs,PACKAGE,file.tar.gz)$(ACT) chaincode-install '$(PACKAGE)' $(FOLDER) $(FOR)

chaincode-approve: $(VENV)/run  ## Approve the definition PAPER=path with PACKAGE=file.tar.gz, or to run none (MSP=id)
	@$(call needs,PAPER,path)$(ACT) chaincode-approve '$(PAPER)' $(if $(PACKAGE),--package '$(PACKAGE)') $(FOLDER) $(FOR)

check-readiness: $(VENV)/run  ## Show who has approved the definition PAPER=path (MSP=id)
	@$(call needs,PAPER,path)$(ACT) check-readiness '$(PAPER)' $(FOLDER) $(FOR)

chaincode-commit: $(VENV)/run  ## Put the definition PAPER=path in force (MSP=id)
	@$(call needs,PAPER,path)$(ACT) chaincode-commit '$(PAPER)' $(FOLDER) $(FOR)

metrics: $(VENV)/run  ## List where nodes publish metrics for Prometheus (STATE=folder)
	@$(BIN)/selat network metrics $(FOLDER)

render: $(VENV)/run  ## Write a compose file and all it needs, or the folder of MSP=id alone (FROM=folder with all keys)
	@$(BIN)/selat network render $(FILE) $(FOLDER) $(FOR) $(if $(FROM),--from '$(FROM)')

audit: $(VENV)/run  ## Export CHANNEL=name to build/audit and verify it there, offline
	@$(call needs,CHANNEL,name)$(BIN)/selat audit export build/audit/$(CHANNEL) --channel $(CHANNEL) $(if $(STATE),--wallet '$(STATE)')
	@$(BIN)/selat audit verify build/audit/$(CHANNEL)

bench: $(VENV)/dev  ## Run the benchmarks (ONLY=name for one of them; DRAW=folder for pictures of growth)
	@$(BIN)/python -m benchmarks --engine $(ENGINE) $(if $(ONLY),--only $(ONLY)) $(if $(DRAW),--draw '$(DRAW)')

capacity: $(VENV)/dev  ## Compute what a consortium needs (LOAD="--organisations 50 --parcels 1000000")
	@$(BIN)/python -m benchmarks.capacity $(LOAD)

docs: $(VENV)/docs  ## Build the documentation site into build/docs
	@$(BIN)/python -m sphinx -q -W --keep-going -b html -d build/doctrees docs build/docs
	@echo build/docs/index.html

dist: $(VENV)/dev  ## Build the wheels of hlf and selat into dist/
	@$(BIN)/python -m build --outdir dist hlf && $(BIN)/python -m build --outdir dist .

clean:  ## Remove what was built or installed here
	@rm -rf $(VENV) build dist *.egg-info hlf/*.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis

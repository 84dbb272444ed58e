/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The command line: which options there are, reading them, and the help that shows them. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vgpuctl.h"

struct option_def {
	const char *name;
	char letter;     /* 0: none */
	const char *arg; /* NULL: takes no value */
	const char *help;
};

static const struct option_def defs[OPT_COUNT] = {
	[OPT_ROOT] = {"root", 0, "DIR", "look at the host whose root directory is DIR"},
	[OPT_SYS] = {"sys", 0, "DIR", "where sysfs is mounted (ROOT/sys)"},
	[OPT_DEV] = {"dev", 0, "DIR", "where the device nodes are (ROOT/dev)"},
	[OPT_PROC] = {"proc", 0, "DIR", "where procfs is mounted (ROOT/proc)"},
	[OPT_RUN] = {"run", 0, "DIR", "where the records are, in its folder vgpu (ROOT/run)"},
	[OPT_ETC] = {"etc", 0, "DIR", "where the configuration is (ROOT/etc)"},
	[OPT_VAR] = {"var", 0, "DIR", "where lasting state is (ROOT/var)"},
	[OPT_RUNTIME_DIR] = {"runtime-dir", 0, "DIR", "where providers of software GPUs have their sockets"},
	[OPT_ANY_CLASS] = {"any-class", 0, NULL, "take devices of every PCI class that have SR-IOV for parents"},
	[OPT_JSON] = {"json", 0, NULL, "print one JSON document"},
	[OPT_HELP] = {"help", 'h', NULL, "show this help"},
	[OPT_VERSION] = {"version", 0, NULL, "show the version"},
	[OPT_COLUMNS] = {"output", 'o', "COLS", "the table's columns, divided by commas"},
	[OPT_NOHEADINGS] = {"noheadings", 0, NULL, "no line of headings above the table"},
	[OPT_PARENT] = {"parent", 'p', "PARENT", "the parent: its name, or its PCI address"},
	[OPT_TYPE] = {"type", 't', "TYPE", "the type's id"},
	[OPT_USERS] = {"users", 'u', NULL, "look for the processes that use the vGPUs"},
	[OPT_WAIT] = {"wait", 0, "none|sysfs|node", "how far to wait (node; sysfs where there is no /dev)"},
	[OPT_OWNER] = {"owner", 0, "USER[:GROUP]", "give the nodes, or the sockets, to them"},
	[OPT_PARAMS] = {"params", 0, "TEXT", "parameters for the provider of a software GPU"},
	[OPT_NAME] = {"name", 0, "NAME", "the parent's name (softgpu)"},
	[OPT_VRAM] = {"vram", 0, "MIB", "video memory of all its vGPUs, in MiB (1024)"},
	[OPT_NO_MAP] = {"no-map", 0, NULL, "let nobody map regions: each access is a message"},
	[OPT_LAYOUT] = {"layout", 0, "spec|qemu", "how clients lay out messages about memory without a descriptor"},
	[OPT_TIMEOUT] = {"timeout", 0, "S", "deadline in seconds, with decimals"},
	[OPT_FORCE] = {"force", 0, NULL, "go on although somebody uses it"},
	[OPT_ACCESS] = {"access", 0, "auto|group|iommufd|user", "the way to the device (auto)"},
	[OPT_NO_OPEN] = {"no-open", 0, NULL, "do not open the device: opening may reset it"},
	[OPT_LENGTH] = {"length", 'n', "BYTES", "how many bytes (256, or to the end of the region)"},
	[OPT_WIDTH] = {"width", 'w', "1|2|4|8", "bytes of each access"},
	[OPT_MAP] = {"map", 0, NULL, "access through a mapping of the region"},
	[OPT_RAW] = {"raw", 0, NULL, "write the bytes themselves to standard output"},
	[OPT_PRE_COPY] = {"pre-copy", 0, NULL, "read what can be read before the device is stopped"},
	[OPT_ATTR] = {"attr", 'a', "GROUP/FILE=VALUE", "set a vendor attribute; may be given several times"},
	[OPT_POLICY] = {"policy", 0, "spread|pack", "with -p auto: the parent with fewest or most vGPUs first (spread)"},
	[OPT_NUMA] = {"numa", 0, "NODE", "with -p auto: parents on this NUMA node first"},
	[OPT_BELOW] = {"below", 0, "ADDRESS", "with -p auto: parents at or below this PCI device first"},
	[OPT_MIX] = {"mix", 0, "TYPE=N[,...]", "what these would leave, on each parent alone"},
	[OPT_ENABLE] = {"enable", 0, "N|max", "enable so many virtual functions, or all"},
	[OPT_DISABLE] = {"disable", 0, NULL, "disable all virtual functions"},
	[OPT_DRY_RUN] = {"dry-run", 0, NULL, "change nothing, show what would be done"},
	[OPT_SET] = {"set", 0, "WxH[@Hz]", "give it a monitor that prefers this mode"},
	[OPT_LINK] = {"link", 0, "up|down", "connect the monitor, or take it away"},
};

static const enum option_id global_options[] = {OPT_ROOT, OPT_JSON, OPT_HELP,      OPT_VERSION,
												OPT_SYS,  OPT_DEV,  OPT_PROC,      OPT_RUN,
												OPT_ETC,  OPT_VAR,  OPT_ANY_CLASS, OPT_RUNTIME_DIR};

/* getopt's tables of the options that are allowed. */
struct syntax {
	struct option longs[OPT_COUNT + 1];
	char shorts[3 + OPT_COUNT * 2];
};

#define LONG_BASE 256

static void syntax_add(struct syntax *syntax, enum option_id id)
{
	struct option *option = syntax->longs;
	const struct option_def *def = &defs[id];
	char *end = syntax->shorts + strlen(syntax->shorts);

	while (option->name)
		option++;
	option->name = def->name;
	option->has_arg = def->arg ? required_argument : no_argument;
	option->val = LONG_BASE + (int)id;
	if (!def->letter)
		return;
	*end++ = def->letter;
	if (def->arg)
		*end = ':';
}

static void syntax_make(struct syntax *syntax, const struct command *command)
{
	size_t i;

	memset(syntax, 0, sizeof(*syntax));
	/* '+': stop at the command; ':': missing values are told apart */
	snprintf(syntax->shorts, sizeof(syntax->shorts), command ? ":" : "+:");
	for (i = 0; i < COUNT(global_options); i++)
		syntax_add(syntax, global_options[i]);
	for (i = 0; command && command->options[i]; i++)
		syntax_add(syntax, command->options[i]);
}

static enum option_id option_of(int code)
{
	int id;

	if (code >= LONG_BASE)
		return (enum option_id)(code - LONG_BASE);
	for (id = 1; id < OPT_COUNT; id++)
		if (defs[id].letter == code)
			return (enum option_id)id;
	return OPT_NONE;
}

static int refuse_option(struct app *app, int code, const char *word)
{
	char letter[3] = {'-', (char)optopt, 0};

	if (optopt > 0 && optopt < LONG_BASE)
		word = letter;
	if (code == ':')
		return report_usage(app, word, "needs a value");
	if (optopt >= LONG_BASE)
		return report_usage(app, word, "takes no value");
	return report_usage(app, word, "unknown option");
}

/* Reads the options of argv up to the command, or behind it. */
static int parse_options(struct app *app, int argc, char **argv)
{
	struct syntax syntax;
	int code;

	syntax_make(&syntax, app->command);
	optind = 0; /* glibc: start anew */
	opterr = 0;
	optopt = 0;
	while ((code = getopt_long(argc, argv, syntax.shorts, syntax.longs, NULL)) != -1) {
		if (code == '?' || code == ':')
			return refuse_option(app, code, argv[optind > 1 ? optind - 1 : 1]);
		app->args.options[option_of(code)] = optarg ?: "";
		if (option_of(code) == OPT_ATTR) {
			if (app->args.attr_count == MAX_ATTRS)
				return report_usage(app, optarg, "only %d attributes can be set", MAX_ATTRS);
			app->args.attrs[app->args.attr_count++] = optarg;
		}
		optopt = 0;
	}
	return 0;
}

static int take_operands(struct app *app, int argc, char **argv)
{
	const struct command *command = app->command;
	int i;

	if (argc < command->min_operands)
		return report_usage(app, command->operands, "missing, %d of %d given", argc, command->min_operands);
	if (argc > command->max_operands)
		return report_usage(app, argv[command->max_operands], "one argument too many");
	for (i = 0; i < argc; i++)
		app->args.operands[i] = argv[i];
	app->args.operand_count = argc;
	return 0;
}

static const struct command *find_command(const char *name)
{
	const struct command *const *commands;
	size_t count, i;

	commands = commands_get(&count);
	for (i = 0; i < count; i++)
		if (!strcmp(commands[i]->name, name))
			return commands[i];
	return NULL;
}

static bool is_asked(const struct app *app, enum option_id id)
{
	return app->args.options[id];
}

int options_parse(struct app *app, int argc, char **argv)
{
	int first, r, i;

	/* a mistake in front of --json is to be told in JSON too */
	for (i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
		app->is_json = app->is_json || !strcmp(argv[i], "--json");
	r = parse_options(app, argc, argv);
	if (r || is_asked(app, OPT_HELP) || is_asked(app, OPT_VERSION))
		return r;
	first = optind;
	if (first == argc)
		return report_usage(app, "COMMAND", "missing");
	app->command = find_command(argv[first]);
	if (!app->command)
		return report_usage(app, argv[first], "unknown command");
	argc -= first;
	argv += first;
	r = parse_options(app, argc, argv);
	app->is_json = is_asked(app, OPT_JSON) || app->command->is_json;
	if (r || is_asked(app, OPT_HELP) || is_asked(app, OPT_VERSION))
		return r;
	return take_operands(app, argc - optind, argv + optind);
}

bool parse_number(const char *text, uint64_t max, uint64_t *out)
{
	bool is_hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
	const char *digits = is_hex ? text + 2 : text;
	unsigned long long n;

	if (!*digits || digits[strspn(digits, is_hex ? "0123456789abcdefABCDEF" : "0123456789")])
		return false;
	errno = 0;
	n = strtoull(digits, NULL, is_hex ? 16 : 10);
	if (errno || n > max)
		return false;
	*out = n;
	return true;
}

int option_number(struct app *app, enum option_id id, uint64_t max, uint64_t fallback, uint64_t *out)
{
	const char *text = app->args.options[id];

	if (!text) {
		*out = fallback;
		return 0;
	}
	if (!parse_number(text, max, out) || !*out)
		return report_usage(app, text, "--%s wants a number from 1 to %llu", defs[id].name, (unsigned long long)max);
	return 0;
}

int option_timeout(struct app *app, uint32_t *out)
{
	const char *text = app->args.options[OPT_TIMEOUT];
	uint64_t ms = 0, unit = 1000;
	size_t whole, part = 0, i;

	*out = 0;
	if (!text)
		return 0;
	whole = strspn(text, "0123456789");
	if (text[whole] == '.')
		part = 1 + strspn(text + whole + 1, "0123456789");
	if (text[whole + part] || whole + part == 0 || whole > 7 || part == 1 || part > 10)
		return report_usage(app, text, "--timeout wants seconds, such as 2.5");
	for (i = 0; i < whole; i++)
		ms = ms * 10 + (uint64_t)(text[i] - '0');
	ms *= 1000;
	for (i = whole + 1; i < whole + part; i++, unit /= 10)
		ms += (uint64_t)(text[i] - '0') * unit / 10;
	if (!ms || ms > UINT32_MAX)
		return report_usage(app, text, "--timeout wants 0.001 to %u seconds", UINT32_MAX / 1000);
	*out = (uint32_t)ms;
	return 0;
}

int option_choice(struct app *app, enum option_id id, const char *const *words, size_t count, uint32_t *out)
{
	const char *text = app->args.options[id];
	uint32_t i;

	*out = 0;
	if (!text)
		return 0;
	for (i = 0; i < count; i++)
		if (words[i] && !strcmp(words[i], text)) {
			*out = i;
			return 0;
		}
	return report_usage(app, text, "--%s wants %s", defs[id].name, defs[id].arg);
}

static void print_option(enum option_id id)
{
	const struct option_def *def = &defs[id];
	char left[64];
	int n;

	n = def->letter ? snprintf(left, sizeof(left), "-%c, --%s", def->letter, def->name)
					: snprintf(left, sizeof(left), "    --%s", def->name);
	if (def->arg && n > 0 && (size_t)n < sizeof(left))
		snprintf(left + n, sizeof(left) - (size_t)n, " %s", def->arg);
	printf("  %-33s %s\n", left, def->help);
}

static void print_columns(const struct table *table)
{
	size_t i, width = 0, n;

	printf("\nColumns (* by default):\n ");
	for (i = 0; i < table->column_count; i++) {
		const struct column *column = &table->columns[i];

		n = strlen(column->key) + 2;
		if (width + n > 76) {
			printf("\n ");
			width = 0;
		}
		width += n;
		printf(" %s%s", column->key, column->flags & COLUMN_DEFAULT ? "*" : "");
	}
	printf("\n");
}

static void print_overview(void)
{
	const struct command *const *commands;
	size_t count, i;

	printf("usage: vgpuctl [OPTION ...] COMMAND [ARGUMENT ...]\n\nManages virtual GPUs.\n\nCommands:\n");
	commands = commands_get(&count);
	for (i = 0; i < count; i++)
		printf("  %-10s %s\n", commands[i]->name, commands[i]->summary);
}

void help_print(const struct command *command)
{
	size_t i;

	if (command) {
		printf("usage: vgpuctl [OPTION ...] %s [OPTION ...]%s%s\n\n%c%s.\n", command->name,
			   command->operands[0] ? " " : "", command->operands, command->summary[0] - 'a' + 'A',
			   command->summary + 1);
		if (command->details)
			printf("%s", command->details);
		if (command->options[0])
			printf("\nOptions:\n");
		for (i = 0; command->options[i]; i++)
			print_option(command->options[i]);
		if (command->table)
			print_columns(command->table);
	} else {
		print_overview();
	}
	printf("\nGlobal options:\n");
	for (i = 0; i < COUNT(global_options); i++)
		print_option(global_options[i]);
	printf("\nExit codes: 0 done, 1 failed, 2 usage, 3 not found, 4 permission, 5 unsupported here,\n"
		   "6 busy, 7 exists already, 8 no capacity, 9 pending at the deadline.\n");
}

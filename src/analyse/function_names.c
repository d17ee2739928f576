#include "analyse/function_names.h"

#include <string.h>

static const char *const suffixes[] = {".constprop.", ".isra.", ".part.",
				       ".cold",	      ".llvm.", ".lto_priv."};

size_t function_plain_len(const char *symbol)
{
	size_t len = strlen(symbol);

	for (size_t i = 0; i < sizeof(suffixes) / sizeof(*suffixes); i++) {
		const char *at = strstr(symbol, suffixes[i]);

		if (at && (size_t)(at - symbol) < len)
			len = (size_t)(at - symbol);
	}
	return len;
}

bool function_is(const char *symbol, const char *name)
{
	size_t len = function_plain_len(symbol);

	return strlen(name) == len && memcmp(symbol, name, len) == 0;
}

/* A name that ends in * stands for all that begin so. */
static bool is_like(const char *symbol, const char *name)
{
	size_t len = strlen(name);

	if (len && name[len - 1] == '*')
		return strncmp(symbol, name, len - 1) == 0;
	return function_is(symbol, name);
}

static bool is_one_of(const char *symbol, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (is_like(symbol, names[i]))
			return true;
	return false;
}

bool function_panics(const char *symbol)
{
	static const char *const names[] = {
		"panic",
		"vpanic",
		"nmi_panic",
		"__crash_kexec",
		"crash_kexec",
		"oops_end",
		"die",
		"__die",
		"die_addr",
		"machine_kexec",
		"panic_smp_self_stop",
	};

	return is_one_of(symbol, names, sizeof(names) / sizeof(*names));
}

/* Sources: arch/x86/kernel/{nmi,traps,irq_64}.c, arch/x86/mm/fault.c, arch/x86/kernel/cpu/
 * mce/core.c, kernel/{watchdog,watchdog_hld,watchdog_perf,hung_task,exit}.c, kernel/rcu/
 * tree_stall.h, mm/oom_kill.c, drivers/tty/sysrq.c, init/do_mounts.c, kernel/sched/core.c.
 */
static const struct trigger_row {
	const char *name;
	enum crash_trigger trigger;
} triggers[] = {
	{"sysrq_handle_crash", TRIGGER_SYSRQ},
	{"unknown_nmi_error", TRIGGER_NMI},
	{"pci_serr_error", TRIGGER_NMI},
	{"io_check_error", TRIGGER_NMI},
	{"watchdog_overflow_callback", TRIGGER_HARD_LOCKUP},
	{"watchdog_hardlockup_check", TRIGGER_HARD_LOCKUP},
	{"watchdog_timer_fn", TRIGGER_SOFT_LOCKUP},
	{"check_hung_uninterruptible_tasks", TRIGGER_HUNG_TASK},
	{"check_hung_task", TRIGGER_HUNG_TASK},
	{"panic_on_rcu_stall", TRIGGER_RCU_STALL},
	{"print_cpu_stall", TRIGGER_RCU_STALL},
	{"print_other_cpu_stall", TRIGGER_RCU_STALL},
	{"check_cpu_stall", TRIGGER_RCU_STALL},
	{"rcu_sched_clock_irq", TRIGGER_RCU_STALL},
	{"check_panic_on_oom", TRIGGER_OUT_OF_MEMORY},
	{"out_of_memory", TRIGGER_OUT_OF_MEMORY},
	{"mce_panic", TRIGGER_MACHINE_CHECK},
	{"mce_timed_out", TRIGGER_MACHINE_CHECK},
	{"do_machine_check", TRIGGER_MACHINE_CHECK},
	{"exc_machine_check", TRIGGER_MACHINE_CHECK},
	{"handle_stack_overflow", TRIGGER_STACK_GUARD},
	{"exc_double_fault", TRIGGER_DOUBLE_FAULT},
	{"asm_exc_double_fault", TRIGGER_DOUBLE_FAULT},
	{"page_fault_oops", TRIGGER_PAGE_FAULT},
	{"exc_page_fault", TRIGGER_PAGE_FAULT},
	{"asm_exc_page_fault", TRIGGER_PAGE_FAULT},
	{"exc_general_protection", TRIGGER_PROTECTION_FAULT},
	{"asm_exc_general_protection", TRIGGER_PROTECTION_FAULT},
	{"exc_invalid_op", TRIGGER_INVALID_OPCODE},
	{"asm_exc_invalid_op", TRIGGER_INVALID_OPCODE},
	{"exc_divide_error", TRIGGER_OTHER_EXCEPTION},
	{"exc_stack_segment", TRIGGER_OTHER_EXCEPTION},
	{"exc_int3", TRIGGER_OTHER_EXCEPTION},
	{"exc_alignment_check", TRIGGER_OTHER_EXCEPTION},
	{"exc_control_protection", TRIGGER_OTHER_EXCEPTION},
	{"schedule_debug", TRIGGER_STACK_END},
	{"mount_root", TRIGGER_NO_ROOT},
	{"mount_root_generic", TRIGGER_NO_ROOT},
	{"mount_block_root", TRIGGER_NO_ROOT},
	{"prepare_namespace", TRIGGER_NO_ROOT},
	{"kernel_init", TRIGGER_NO_ROOT},
	{"do_exit", TRIGGER_INIT_KILLED},
	/* The thread itself: what it calls is inlined into it. */
	{"watchdog", TRIGGER_HUNG_TASK},
};

enum crash_trigger function_trigger(const char *symbol)
{
	for (size_t i = 0; i < sizeof(triggers) / sizeof(*triggers); i++)
		if (function_is(symbol, triggers[i].name))
			return triggers[i].trigger;
	return TRIGGER_NONE;
}

bool function_is_entry(const char *symbol)
{
	static const char *const names[] = {
		"entry_*", "do_syscall_64",	"x64_sys_call",
		"asm_*",   "ret_from_fork*",	"secondary_startup_64*",
		"do_idle", "cpu_startup_entry",
	};

	return is_one_of(symbol, names, sizeof(names) / sizeof(*names));
}

bool function_sleeps_without_locks(const char *symbol)
{
	static const char *const names[] = {
		"__do_sys_pause",	   "__x64_sys_pause",
		"__x64_sys_nanosleep",	   "__x64_sys_clock_nanosleep",
		"__do_sys_wait4",	   "__x64_sys_wait4",
		"__x64_sys_waitid",	   "__x64_sys_poll",
		"__x64_sys_ppoll",	   "__x64_sys_select",
		"__x64_sys_pselect6",	   "__x64_sys_epoll_wait",
		"__x64_sys_epoll_pwait",   "__x64_sys_futex",
		"__x64_sys_rt_sigsuspend", "__x64_sys_rt_sigtimedwait",
	};

	return is_one_of(symbol, names, sizeof(names) / sizeof(*names));
}

/* What does as it is asked. docs/classes.md says how it is used. */
static const char *const infrastructure[] = {
	/* Dying, entry and exceptions. */
	"panic",
	"vpanic",
	"nmi_panic",
	"oops_end",
	"die",
	"die_addr",
	"__die",
	"crash_kexec",
	"__crash_kexec",
	"__warn",
	"warn_slowpath_fmt",
	"__warn_printk",
	"report_bug",
	"handle_bug",
	"do_error_trap",
	"asm_exc_*",
	"exc_*",
	"asm_sysvec_*",
	"sysvec_*",
	"__sysvec_*",
	"asm_common_interrupt",
	"common_interrupt",
	"error_entry",
	"page_fault_oops",
	"end_repeat_nmi",
	"default_do_nmi",
	"nmi_restore",
	"first_nmi",
	"repeat_nmi",
	"do_trap",
	"kernelmode_fixup_or_oops",
	"bad_area_nosemaphore",
	"__bad_area_nosemaphore",
	"bad_area",
	"do_user_addr_fault",
	"do_kern_addr_fault",
	"fixup_exception",
	"ex_handler_*",
	/* Waiting and scheduling. */
	"__schedule",
	"schedule",
	"schedule_*",
	"io_schedule*",
	"preempt_schedule*",
	"__cond_resched",
	"__wait_*",
	"wait_for_*",
	"do_wait_for_common",
	"wait_woken",
	"prepare_to_wait*",
	"bit_wait*",
	"out_of_line_wait_on_bit*",
	"folio_wait_*",
	"__folio_lock*",
	"wait_on_page_*",
	"__lock_page*",
	"blk_io_schedule",
	"msleep*",
	"usleep_range*",
	"hrtimer_nanosleep",
	"do_nanosleep",
	/* Locks. */
	"_raw_spin_*",
	"_raw_read_*",
	"_raw_write_*",
	"native_queued_spin_*",
	"__pv_queued_spin_*",
	"pv_*",
	"queued_*",
	"do_raw_*",
	"__raw_*",
	"mutex_*",
	"__mutex_*",
	"ww_mutex_*",
	"__ww_mutex_*",
	"down",
	"down_*",
	"__down*",
	"___down*",
	"up",
	"up_*",
	"__up*",
	"rwsem_*",
	"percpu_rwsem_*",
	"__percpu_*",
	"percpu_down_*",
	"percpu_up_*",
	"rt_mutex_*",
	"__rt_mutex_*",
	"rt_spin_*",
	"rtlock_*",
	"rwbase_*",
	"__rwbase_*",
	"lock_page*",
	"osq_lock",
	"osq_unlock",
	"lockref_*",
	"__rcu_read_*",
	"synchronize_rcu*",
	/* Lists, trees, memory, strings, reference counts. */
	"__list_add_valid*",
	"__list_del_entry_valid*",
	"list_*",
	"__list_*",
	"llist_*",
	"plist_*",
	"rb_*",
	"__rb_*",
	"xa_*",
	"xas_*",
	"__xa_*",
	"mas_*",
	"radix_tree_*",
	"idr_*",
	"ida_*",
	"memcpy*",
	"__memcpy*",
	"memmove*",
	"__memmove*",
	"memset*",
	"__memset*",
	"memcmp",
	"clear_page*",
	"copy_page",
	"copy_page_erms",
	"copy_page_regs",
	"strlen",
	"strnlen",
	"strcpy",
	"strncpy",
	"strscpy*",
	"strlcpy",
	"strcmp",
	"strncmp",
	"strchr",
	"strrchr",
	"strstr",
	"strcat",
	"strncat",
	"__fortify_*",
	"fortify_panic",
	"_copy_*",
	"copy_user_*",
	"__copy_*",
	"rep_*",
	"refcount_*",
	"kref_*",
	"usercopy_abort",
	"__check_object_size",
	"check_heap_object",
	/* Allocators. */
	"kfree",
	"kfree_*",
	"__kfree*",
	"kvfree*",
	"vfree",
	"vfree_*",
	"kmalloc*",
	"__kmalloc*",
	"krealloc*",
	"kmem_cache_*",
	"__kmem_cache_*",
	"___slab_alloc",
	"__slab_*",
	"allocate_slab",
	"new_slab",
	"slab_*",
	"do_slab_free",
	"free_to_partial_list",
	"get_partial_node",
	"get_freelist",
	"set_freepointer",
	"deactivate_slab",
	"__alloc_pages*",
	"alloc_pages*",
	"__free_pages*",
	"free_pages*",
	"free_unref_*",
	"get_page_from_freelist",
	"__vmalloc_*",
	"vmalloc*",
	"__get_free_pages",
	"should_failslab",
	"object_err",
	"slab_err",
	/* Printing. */
	"_printk",
	"vprintk*",
	"console_*",
	"dump_stack*",
	"show_regs*",
	"show_stack*",
	"show_trace_log_lvl",
	"show_mem",
	"show_free_areas",
};

bool function_is_infrastructure(const char *symbol)
{
	return is_one_of(symbol, infrastructure,
			 sizeof(infrastructure) / sizeof(*infrastructure));
}

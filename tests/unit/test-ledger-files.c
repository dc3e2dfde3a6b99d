/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The ledger's files: whom it trusts, what it takes for a ledger, and what another boot left. */
#include "ledger-support.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define OTHER_BOOT "3c2f1f54-0a6f-4a5e-9a59-2c5c8c7f0002"

static void
assert_open_fails(IovLedgerMode mode, IovError code, const char *text)
{
    g_autoptr(GError) error = NULL;

    assert_fails(iov_ledger_open(run_dir, BOOT, mode, &error) != NULL, error, code, text);
}

static void
assert_mode(const char *path, mode_t mode)
{
    struct stat status;

    ck_assert_int_eq(lstat(path, &status), 0);
    ck_assert_uint_eq(status.st_mode & 07777, mode);
}

static void
put(const char *name, const char *data, gssize length)
{
    g_autofree char *path = ledger_path(name);

    ck_assert(g_file_set_contents(path, data, length, NULL));
    ck_assert_int_eq(g_chmod(path, 0600), 0);
}

/* Runs SQL on the file itself, as another program would. */
static void
tamper(const char *sql)
{
    g_autofree char *path = ledger_path("ledger.db");
    sqlite3 *database = NULL;
    char *message = NULL;

    ck_assert_int_eq(sqlite3_open(path, &database), SQLITE_OK);
    ck_assert_msg(sqlite3_exec(database, sql, NULL, NULL, &message) == SQLITE_OK, "%s", message);
    sqlite3_close(database);
}

START_TEST(only_create_makes_a_ledger)
{
    assert_open_fails(IOV_LEDGER_READ, IOV_ERROR_NOT_FOUND, "cannot open directory");
    assert_open_fails(IOV_LEDGER_WRITE, IOV_ERROR_NOT_FOUND, "cannot open directory");
    ck_assert_int_eq(g_mkdir(run_dir, 0700), 0);
    assert_open_fails(IOV_LEDGER_READ, IOV_ERROR_NOT_FOUND, "cannot open ledger");
    assert_open_fails(IOV_LEDGER_WRITE, IOV_ERROR_NOT_FOUND, "cannot open ledger");
    put("ledger.db", "", 0);
    assert_open_fails(IOV_LEDGER_READ, IOV_ERROR_NOT_FOUND, "is empty");
    assert_open_fails(IOV_LEDGER_WRITE, IOV_ERROR_NOT_FOUND, "is empty");
    iov_ledger_close(open_ledger(IOV_LEDGER_CREATE));
    iov_ledger_close(open_ledger(IOV_LEDGER_CREATE));
    g_autoptr(IovLedger) reader = open_ledger(IOV_LEDGER_READ);
    assert_consistent(reader, 0);
}
END_TEST

START_TEST(what_it_makes_is_for_the_owner_alone)
{
    mode_t mask = umask(0);
    g_autofree char *database = ledger_path("ledger.db"), *lock = ledger_path("ledger.lock");

    iov_ledger_close(open_filled());
    umask(mask);
    assert_mode(run_dir, 0700);
    assert_mode(database, 0600);
    assert_mode(lock, 0600);
}
END_TEST

START_TEST(a_directory_that_others_can_write_is_not_trusted)
{
    static const int writable[] = {0720, 0702, 01777};

    iov_ledger_close(open_filled());
    for (gsize i = 0; i < G_N_ELEMENTS(writable); i++) {
        ck_assert_int_eq(g_chmod(run_dir, writable[i]), 0);
        assert_open_fails(IOV_LEDGER_READ, IOV_ERROR_PERMISSION, "others may write to it (mode ");
        assert_open_fails(IOV_LEDGER_CREATE, IOV_ERROR_PERMISSION, "chmod it to 0700");
    }
    ck_assert_int_eq(g_chmod(run_dir, 0755), 0);
    iov_ledger_close(open_ledger(IOV_LEDGER_READ));
}
END_TEST

START_TEST(a_linked_directory_is_not_followed)
{
    iov_ledger_close(open_filled());
    g_autofree char *real = g_steal_pointer(&run_dir);
    run_dir = g_build_filename(base, "link", NULL);
    ck_assert_int_eq(symlink(real, run_dir), 0);
    assert_open_fails(IOV_LEDGER_READ, IOV_ERROR_PERMISSION, "is a symbolic link or no directory");
    assert_open_fails(IOV_LEDGER_CREATE, IOV_ERROR_PERMISSION, "is a symbolic link");
    g_autofree char *slashed = g_strconcat(run_dir, "//", NULL);
    g_autofree char *link = run_dir;
    run_dir = slashed;
    assert_open_fails(IOV_LEDGER_WRITE, IOV_ERROR_PERMISSION, "is a symbolic link");
    g_remove(link);
    run_dir = g_steal_pointer(&real);
}
END_TEST

START_TEST(linked_and_odd_files_are_refused)
{
    iov_ledger_close(open_filled());
    g_autofree char *database = ledger_path("ledger.db"), *lock = ledger_path("ledger.lock");
    g_autofree char *aside = g_build_filename(base, "aside", NULL);

    ck_assert_int_eq(g_chmod(database, 0620), 0);
    assert_open_fails(IOV_LEDGER_READ, IOV_ERROR_PERMISSION, "chmod it to 0600");
    ck_assert_int_eq(g_chmod(database, 0600), 0);
    ck_assert_int_eq(g_rename(database, aside), 0);
    ck_assert_int_eq(symlink(aside, database), 0);
    assert_open_fails(IOV_LEDGER_READ, IOV_ERROR_PERMISSION, "it is not a regular file");
    assert_open_fails(IOV_LEDGER_CREATE, IOV_ERROR_PERMISSION, "it is not a regular file");
    ck_assert_int_eq(g_remove(database), 0);
    ck_assert_int_eq(mkfifo(database, 0600), 0);
    assert_open_fails(IOV_LEDGER_WRITE, IOV_ERROR_PERMISSION, "it is not a regular file");
    ck_assert_int_eq(g_rename(aside, database), 0);
    ck_assert_int_eq(g_remove(lock), 0);
    ck_assert_int_eq(symlink(aside, lock), 0);
    assert_open_fails(IOV_LEDGER_WRITE, IOV_ERROR_HOST, "ledger.lock");
    ck_assert_int_ne(access(aside, F_OK), 0);
    iov_ledger_close(open_ledger(IOV_LEDGER_READ));
}
END_TEST

/* Needs a second user to give the file to. */
START_TEST(another_owner_is_not_trusted)
{
    g_autofree char *database = ledger_path("ledger.db");

    iov_ledger_close(open_filled());
    ck_assert_int_eq(chown(database, 12345, (gid_t)-1), 0);
    assert_open_fails(IOV_LEDGER_READ, IOV_ERROR_PERMISSION, "it belongs to user 12345, not to");
    ck_assert_int_eq(chown(run_dir, 12345, (gid_t)-1), 0);
    assert_open_fails(IOV_LEDGER_CREATE, IOV_ERROR_PERMISSION, "it belongs to user 12345, not to");
}
END_TEST

START_TEST(alien_and_corrupt_files_say_reconcile)
{
    static const IovLedgerMode modes[] = {IOV_LEDGER_READ, IOV_LEDGER_WRITE, IOV_LEDGER_CREATE};
    g_autofree char *noise = g_malloc(8192);

    memset(noise, 0x5a, 8192);
    for (gsize i = 0; i < G_N_ELEMENTS(modes); i++) {
        iov_ledger_close(open_filled());
        put("ledger.db", noise, 8192);
        assert_open_fails(modes[i], IOV_ERROR_CORRUPT, "run `iovpool reconcile`");
        put("ledger.db", noise, 700);
        assert_open_fails(modes[i], IOV_ERROR_CORRUPT, "run `iovpool reconcile`");
        put("ledger.db", "", 0);
        iov_ledger_close(open_filled());
        tamper("PRAGMA application_id = 1");
        assert_open_fails(modes[i], IOV_ERROR_CORRUPT, "another program or another version");
        put("ledger.db", "", 0);
        tamper("CREATE TABLE other (x)");
        assert_open_fails(modes[i], IOV_ERROR_CORRUPT, "another program or another version");
        tamper("PRAGMA application_id = 1230984784; PRAGMA user_version = 2"); /* "IOVP" */
        assert_open_fails(modes[i], IOV_ERROR_CORRUPT, "run `iovpool reconcile`");
        tamper("PRAGMA user_version = 3");
        assert_open_fails(modes[i], IOV_ERROR_CORRUPT, "another program or another version");
        g_autoptr(GError) error = NULL;
        assert_done(iov_ledger_put_aside(run_dir, &error), error);
    }
}
END_TEST

/* Damage anywhere in the file is an error in words or goes unseen; it never crashes. */
START_TEST(damage_is_an_error)
{
    g_autofree char *path = ledger_path("ledger.db"), *whole = NULL;
    gsize length;
    guint refused = 0, found = 0;

    iov_ledger_close(open_filled());
    ck_assert(g_file_get_contents(path, &whole, &length, NULL));
    for (gsize at = 0; at < length; at += 509) {
        g_autofree char *damaged = g_memdup2(whole, length);
        g_autoptr(GError) error = NULL;

        memset(damaged + at, 0xff, MIN(64, length - at));
        put("ledger.db", damaged, (gssize)length);
        g_autoptr(IovLedger) ledger = iov_ledger_open(run_dir, BOOT, IOV_LEDGER_READ, &error);
        g_autoptr(GPtrArray) rows =
            ledger != NULL ? iov_ledger_list_functions(ledger, NULL, &error) : NULL;
        ck_assert((rows == NULL) == (error != NULL));
        refused += rows == NULL ? 1 : 0;
        if (ledger == NULL)
            continue;
        g_autoptr(GError) finding = NULL;
        gboolean sound = iov_ledger_check(ledger, &finding);
        ck_assert(sound || g_error_matches(finding, IOV_ERROR, IOV_ERROR_CORRUPT));
        ck_assert(!sound || rows != NULL);
        found += sound ? 0 : 1;
    }
    ck_assert_uint_gt(refused, 0);
    ck_assert_uint_gt(found, 0);
}
END_TEST

static void
assert_check_finds(const char *sql, const char *text)
{
    g_autoptr(GError) error = NULL;

    iov_ledger_close(open_filled());
    g_autoptr(IovLedger) ledger = open_ledger(IOV_LEDGER_READ);
    assert_done(iov_ledger_check(ledger, &error), error);
    tamper(sql);
    assert_fails(iov_ledger_check(ledger, &error), error, IOV_ERROR_CORRUPT, text);
    assert_done(iov_ledger_put_aside(run_dir, &error), error);
}

START_TEST(a_check_looks_at_all)
{
    assert_check_finds("UPDATE adapters SET free_functions = 3 WHERE address = '0000:01:00.0'",
                       "its counts are wrong; run `iovpool reconcile`");
    assert_check_finds("PRAGMA ignore_check_constraints = ON;"
                       "UPDATE functions SET state = 8 WHERE vf_index = 0",
                       "CHECK constraint failed in functions; run `iovpool reconcile`");
    assert_check_finds("DROP TABLE requests", "no such table");
    assert_check_finds("ALTER TABLE pools RENAME COLUMN name TO title", "no such column");
}
END_TEST

static void
assert_content(const char *name, const char *expected)
{
    g_autofree char *path = ledger_path(name);
    g_autofree char *text = NULL;

    ck_assert_msg(g_file_get_contents(path, &text, NULL, NULL), "%s", name);
    ck_assert_str_eq(text, expected);
}

START_TEST(what_is_put_aside_takes_its_journal_along)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *journal = ledger_path("ledger.db-journal");
    g_autofree char *aside_journal = ledger_path("ledger.db.unreadable-journal");

    iov_ledger_close(open_filled());
    put("ledger.db", "first", -1);
    put("ledger.db-journal", "journal", -1);
    assert_done(iov_ledger_put_aside(run_dir, &error), error);
    assert_content("ledger.db.unreadable", "first");
    assert_content("ledger.db.unreadable-journal", "journal");
    ck_assert_int_ne(access(journal, F_OK), 0);
    g_autoptr(IovLedger) ledger = open_filled();
    assert_consistent(ledger, 8);
    /* one that has no journal is not to be changed by the journal of the one before */
    put("ledger.db", "second", -1);
    assert_done(iov_ledger_put_aside(run_dir, &error), error);
    assert_content("ledger.db.unreadable", "second");
    ck_assert_int_ne(access(aside_journal, F_OK), 0);
}
END_TEST

START_TEST(a_state_out_of_range_is_refused)
{
    g_autoptr(GError) error = NULL;

    iov_ledger_close(open_filled());
    tamper("PRAGMA ignore_check_constraints = ON; UPDATE functions SET state = 8"
           " WHERE vf_index = 0");
    g_autoptr(IovLedger) ledger = open_ledger(IOV_LEDGER_READ);
    assert_fails(iov_ledger_list_functions(ledger, NULL, &error) != NULL, error, IOV_ERROR_CORRUPT,
                 "state is 8; run `iovpool reconcile`");
    assert_fails(iov_ledger_get_function(ledger, vf(1, 0), &error) != NULL, error,
                 IOV_ERROR_CORRUPT, "state is 8");
}
END_TEST

START_TEST(another_boot_is_empty)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(IovLedger) old = open_filled();

    begin(old);
    guint64 generation = lease(old, vf(1, 0), VM1, "net0");
    commit(old);
    g_autoptr(IovLedger) reader = iov_ledger_open(run_dir, OTHER_BOOT, IOV_LEDGER_READ, &error);
    assert_done(reader != NULL, error);
    assert_consistent(reader, 0);
    assert_consistent(old, 8); /* reading emptied nothing */
    g_autoptr(IovLedger) writer = iov_ledger_open(run_dir, OTHER_BOOT, IOV_LEDGER_WRITE, &error);
    assert_done(writer != NULL, error);
    assert_consistent(writer, 0);
    begin(writer);
    fill(writer, "fast", 1, 2, 4);
    ck_assert_uint_gt(lease(writer, vf(1, 0), VM1, "net0"), generation);
    commit(writer);
    assert_consistent(reader, 8); /* the reader sees what the new boot wrote */
}
END_TEST

START_TEST(a_discarded_ledger_is_made_anew)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(IovLedger) ledger = open_filled();
    g_autoptr(IovLedger) reader = open_ledger(IOV_LEDGER_READ);
    g_autoptr(IovLedger) other = open_ledger(IOV_LEDGER_WRITE);

    begin(ledger);
    guint64 generation = lease(ledger, vf(1, 0), VM1, "net0");
    commit(ledger);
    assert_done(iov_ledger_put_aside(run_dir, &error), error);
    assert_done(iov_ledger_put_aside(run_dir, &error), error);
    assert_fails(iov_ledger_list_functions(reader, NULL, &error) != NULL, error,
                 IOV_ERROR_NOT_FOUND, "cannot open ledger");
    assert_fails(iov_ledger_begin(other, &error), error, IOV_ERROR_NOT_FOUND, "cannot open ledger");
    begin(ledger);
    fill(ledger, "fast", 1, 2, 4);
    guint64 later = lease(ledger, vf(1, 0), VM1, "net0");
    commit(ledger);
    ck_assert_uint_gt(later, generation);
    assert_consistent(reader, 8);
    begin(other);
    move(other, vf(1, 0), later, IOV_LEASE_SCRUBBING);
    commit(other);
    g_autoptr(IovLease) seen = get(reader, vf(1, 0));
    ck_assert_uint_eq(seen->state, IOV_LEASE_SCRUBBING);
}
END_TEST

START_TEST(a_removed_directory_is_made_anew)
{
    g_autoptr(IovLedger) ledger = open_filled();

    remove_names(run_dir);
    ck_assert_int_eq(g_rmdir(run_dir), 0);
    begin(ledger);
    fill(ledger, "fast", 1, 1, 2);
    commit(ledger);
    g_autoptr(IovLedger) reader = open_ledger(IOV_LEDGER_READ);
    assert_consistent(reader, 2);
}
END_TEST

START_TEST(changes_stand_between_begin_and_commit)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(IovLedger) ledger = open_filled();
    g_autoptr(IovLedger) reader = open_ledger(IOV_LEDGER_READ);
    guint64 generation = 0;

    assert_fails(iov_ledger_lease(ledger, vf(1, 0), VM1, "vm1", "net0", 1, 2, &generation, &error),
                 error, IOV_ERROR_LEDGER, "no change is open");
    assert_fails(iov_ledger_commit(ledger, &error), error, IOV_ERROR_LEDGER, "no change is open");
    assert_fails(iov_ledger_begin(reader, &error), error, IOV_ERROR_LEDGER,
                 "it was opened for reading");
    iov_ledger_rollback(ledger);
    begin(ledger);
    assert_fails(iov_ledger_begin(ledger, &error), error, IOV_ERROR_LEDGER,
                 "a change is open already");
    lease(ledger, vf(1, 0), VM1, "net0");
    iov_ledger_rollback(ledger);
    g_autoptr(IovLease) free = get(ledger, vf(1, 0));
    ck_assert_uint_eq(free->state, IOV_LEASE_FREE);
    begin(ledger);
    lease(ledger, vf(1, 0), VM1, "net0");
    iov_ledger_close(g_steal_pointer(&ledger)); /* closing rolls back */
    g_autoptr(IovLease) still_free = get(reader, vf(1, 0));
    ck_assert_uint_eq(still_free->state, IOV_LEASE_FREE);
}
END_TEST

START_TEST(readers_do_not_wait_for_a_writer)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(IovLedger) writer = open_filled();
    g_autofree char *large = g_strnfill(512 * 1024, 'x');

    begin(writer);
    guint64 generation = lease(writer, vf(1, 0), VM1, "net0");
    for (guint i = 0; i < 8; i++) { /* more than SQLite's cache holds */
        g_autofree char *pool = g_strdup_printf("pool%u", i);

        assert_done(iov_ledger_add_pool(writer, pool, large, 1, &error), error);
    }
    gint64 start = g_get_monotonic_time();
    g_autoptr(IovLedger) reader = open_ledger(IOV_LEDGER_READ);
    assert_consistent(reader, 8);
    g_autoptr(IovLease) before = get(reader, vf(1, 0));
    ck_assert_uint_eq(before->state, IOV_LEASE_FREE);
    ck_assert_int_lt(g_get_monotonic_time() - start, G_USEC_PER_SEC);
    commit(writer);
    g_autoptr(IovLease) after = get(reader, vf(1, 0));
    ck_assert_uint_eq(after->generation, generation);
}
END_TEST

/* A child that outlives a change must not keep the lock with its inherited descriptor. */
START_TEST(a_forked_child_does_not_keep_the_lock)
{
    g_autoptr(IovLedger) ledger = open_filled();
    g_autofree char *path = ledger_path("ledger.lock");
    int pipes[2], fd = open(path, O_RDWR | O_CLOEXEC);

    ck_assert_int_eq(pipe(pipes), 0);
    begin(ledger);
    ck_assert_int_eq(flock(fd, LOCK_EX | LOCK_NB), -1);
    pid_t child = fork();
    if (child == 0) {
        char byte;

        close(pipes[1]);
        _exit(read(pipes[0], &byte, 1) == 0 ? 0 : 1); /* until the parent closes its end */
    }
    commit(ledger);
    ck_assert_int_eq(flock(fd, LOCK_EX | LOCK_NB), 0);
    close(pipes[1]);
    ck_assert_int_eq(waitpid(child, NULL, 0), child);
    close(pipes[0]);
    close(fd);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("ledger-files");
    TCase *tests = tcase_create("ledger-files");

    tcase_add_checked_fixture(tests, make_run_dir, remove_run_dir);
    tcase_add_test(tests, only_create_makes_a_ledger);
    tcase_add_test(tests, what_it_makes_is_for_the_owner_alone);
    tcase_add_test(tests, a_directory_that_others_can_write_is_not_trusted);
    tcase_add_test(tests, a_linked_directory_is_not_followed);
    tcase_add_test(tests, linked_and_odd_files_are_refused);
    if (geteuid() == 0)
        tcase_add_test(tests, another_owner_is_not_trusted);
    else
        printf("another_owner_is_not_trusted: not run, only root can give a file away\n");
    tcase_add_test(tests, alien_and_corrupt_files_say_reconcile);
    tcase_add_test(tests, damage_is_an_error);
    tcase_add_test(tests, a_check_looks_at_all);
    tcase_add_test(tests, what_is_put_aside_takes_its_journal_along);
    tcase_add_test(tests, a_state_out_of_range_is_refused);
    tcase_add_test(tests, another_boot_is_empty);
    tcase_add_test(tests, a_discarded_ledger_is_made_anew);
    tcase_add_test(tests, a_removed_directory_is_made_anew);
    tcase_add_test(tests, changes_stand_between_begin_and_commit);
    tcase_add_test(tests, readers_do_not_wait_for_a_writer);
    tcase_add_test(tests, a_forked_child_does_not_keep_the_lock);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}

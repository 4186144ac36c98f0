// SPDX-License-Identifier: MIT
/* Built-in data sets: what they promise, line by line. */
#include "data/text_test.h"

static recur_text *set_of(recur_ctx *cx, const char *name, int64_t n, uint64_t seed)
{
    recur_text *t;
    ok(cx, recur_synthetic(&t, cx, name, n, seed));
    assert_int_equal(t->bytes[t->size], 0);
    assert_int_equal(t->bytes[t->size - 1], '\n');
    return t;
}

static void throws_balls(void **state)
{
    recur_text *t = set_of(*state, "ball", 0, 1);
    recur_rows *r;
    int starts[21] = {0}, speeds[11] = {0}, lengths[11] = {0};
    ok(*state, recur_rows_parse(&r, *state, t->bytes, t->size, "ball"));
    assert_int_equal(r->n, 10000);
    for (int64_t i = 0; i < r->n; i++) {
        const double *v = r->values + r->offset[i];
        int64_t n = r->offset[i + 1] - r->offset[i];
        assert_in_range(n, 5, 10);
        assert_true(v[0] >= -10 && v[0] <= 10 && fabs(v[1] - v[0]) >= 1 && fabs(v[1] - v[0]) <= 5);
        for (int64_t k = 2; k < n; k++)
            assert_true(v[k] - v[k - 1] == v[1] - v[0]);
        starts[(int)v[0] + 10]++;
        speeds[(int)(v[1] - v[0]) + 5]++;
        lengths[n]++;
    }
    for (int i = 0; i < 21; i++)
        assert_in_range(starts[i], 380, 580); /* 476 expected, deviation 21 */
    for (int i = 0; i < 11; i++)
        assert_true(i == 5 ? speeds[i] == 0 : abs(speeds[i] - 1000) < 150);
    for (int i = 5; i <= 10; i++)
        assert_in_range(lengths[i], 1480, 1860);
    recur_rows_free(r);
    recur_text_free(t);
    recur_text_free(NULL);
}

static void draws_a_noisy_sine(void **state)
{
    recur_text *text = set_of(*state, "sine", 5000, 2);
    recur_table *t = table_of(*state, text->bytes);
    recur_series *s;
    const char *const columns[] = {"t", "value"};
    double noise = 0, square = 0;
    ok(*state, recur_series_create(&s, t, columns, 2, RECUR_MISSING_ERROR));
    assert_int_equal(s->R, 5000);
    for (int64_t i = 0; i < s->R; i++) {
        double e = s->values[2 * i + 1] - sin(2 * acos(-1) * (double)i / 25);
        assert_true(s->values[2 * i] == (double)i);
        noise += e / 5000;
        square += e * e / 5000;
    }
    assert_true(fabs(noise) < 0.01 && fabs(sqrt(square) - 0.1) < 0.005);
    recur_series_free(s);
    recur_table_free(t);
    recur_text_free(text);
}

/* Days since Monday, 2010-01-04, counted month by month. */
static int64_t days(const char *date)
{
    int year = atoi(date), month = atoi(date + 5), day = atoi(date + 8);
    int64_t n = day - 4;
    for (int y = 2010; y < year; y++)
        n += y % 4 == 0 && (y % 100 != 0 || y % 400 == 0) ? 366 : 365;
    static const int before[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return n + before[month - 1] + (leap && month > 2);
}

static void walks_over_weekdays(void **state)
{
    recur_text *text = set_of(*state, "stock", 30000, 3);
    recur_table *t = table_of(*state, text->bytes);
    recur_series *s;
    const char *const columns[] = {"Open", "High", "Low", "Close", "Volume"};
    ok(*state, recur_table_check_order(t, "Date"));
    ok(*state, recur_series_create(&s, t, columns, 5, RECUR_MISSING_ERROR));
    assert_int_equal(s->R, 30000);
    for (int64_t i = 0; i < s->R; i++) {
        const double *v = s->values + 5 * i;
        const char *date = recur_table_text(t, i, 0);
        assert_int_equal(strlen(date), 10);
        assert_int_equal(days(date), i / 5 * 7 + i % 5);
        assert_true(v[1] >= v[0] && v[1] >= v[3] && v[2] <= v[0] && v[2] <= v[3]);
        assert_true(v[2] > 0 && v[4] >= 1000000);
        assert_true(i == 0 || fabs(log(v[0] / v[-2])) < 0.03 || v[0] < 1);
    }
    recur_series_free(s);
    recur_table_free(t);
    recur_text_free(text);
}

/* The beginning of each set, so that a change of the generator, or another machine, does not go unnoticed. */
static const char *const pinned[] = {
    "8,10,12,14,16,18,20,22,24,26\n-1,-2,-3,-4,-5\n8,10,12,14,16,18,20,22,24,26\n1,-2,-5,-8,-11\n",
    "t,value\n0,9.3e-05\n1,0.245833\n2,0.432064\n3,0.65487\n4,0.917109\n5,0.97071\n",
    "Date,Open,High,Low,Close,Volume\n2010-01-04,100.02,100.76,99.35,99.73,1065824\n2010-01-05,99.63,",
    "label,text\nneg,\"The screen is quite uncomfortable.\"\npos,\"Nothing about the price is",
    "2007/03/05\t2007-03-05\n2.3.1934\t1934-03-02\nWednesday, 13 October 2021\t2021-10-13\n",
    "The\tO\ntrain\tO\nfrom\tO\n",
};

static void gives_the_same_bytes(void **state)
{
    for (size_t i = 0; recur_synthetic_name(i); i++) {
        const char *name = recur_synthetic_name(i);
        recur_text *a = set_of(*state, name, 40, 7), *b = set_of(*state, name, 40, 7),
                   *c = set_of(*state, name, 40, 8);
        recur_text *longer = set_of(*state, name, 50, 7);
        assert_memory_equal(a->bytes, pinned[i], strlen(pinned[i]));
        assert_string_equal(a->bytes, b->bytes);
        assert_string_not_equal(a->bytes, c->bytes);
        assert_memory_equal(a->bytes, longer->bytes, a->size);
        recur_text_free(a);
        recur_text_free(b);
        recur_text_free(c);
        recur_text_free(longer);
    }
}

static void refuses_what_there_is_not(void **state)
{
    recur_text *t;
    refused(*state, recur_synthetic(&t, *state, "moon", 0, 0), RECUR_ENOTFOUND,
            "no built-in data set \"moon\"; there are ball, sine, stock, reviews, dates, tags");
    refused(*state, recur_synthetic(&t, *state, "ball", -1, 0), RECUR_EINVAL, "-1 lines of ball");
    refused(*state, recur_synthetic(&t, *state, "stock", 1000000, 0), RECUR_EINVAL, "1 to 100000");
    assert_null(t);
    assert_null(recur_synthetic_name(6));
}

static void saves_a_file(void **state)
{
    char path[] = "/tmp/recur_synthetic_XXXXXX", read[64];
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    recur_text *t = set_of(*state, "sine", 1, 0);
    ok(*state, recur_text_save(t, path));
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    assert_int_equal(fread(read, 1, sizeof read, f), t->size);
    assert_memory_equal(read, t->bytes, t->size);
    fclose(f);
    refused(*state, recur_text_save(t, "/nowhere/at/all"), RECUR_ENOTFOUND, "/nowhere/at/all");
    recur_text_free(t);
    remove(path);
}

/* As a file, since that is what readers read. */
static recur_text *saved(recur_ctx *cx, const char *name, int64_t n, char *folder, char path[128])
{
    recur_text *t = set_of(cx, name, n, 1);
    file_of(path, make_folder(folder), name, t->bytes, t->size);
    return t;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static void writes_reviews(void **state)
{
    char folder[32], path[128];
    recur_text *t = saved(*state, "reviews", 0, folder, path);
    recur_labelled_config how = recur_labelled_defaults();
    const char *paths[] = {path};
    recur_corpus *c;
    int64_t pos = 0, agree = 0;
    how.format = RECUR_LABELLED_CSV;
    ok(*state, recur_labelled_read(&c, *state, paths, 1, &how));
    assert_int_equal(c->n, 4000);
    for (int64_t i = 0; i < c->n; i++) {
        bool good = c->answer[i].size == 3 && memcmp(c->answer[i].text, "pos", 3) == 0;
        int64_t words = 0;
        for (size_t k = 0; k + 4 < c->text[i].size; k++)
            words +=
                (memcmp(c->text[i].text + k, "good", 4) == 0) - (memcmp(c->text[i].text + k, " bad", 4) == 0);
        pos += good;
        agree += good ? words > 0 : words < 0;
    }
    assert_in_range(pos, 1850, 2150);
    assert_in_range(agree, 200, 1000); /* a word alone says little */
    recur_corpus_free(c);
    recur_text_free(t);
    drop_folder(folder);
}

static void writes_dates(void **state)
{
    static const char *const month[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    char folder[32], path[128];
    recur_text *t = saved(*state, "dates", 2000, folder, path);
    recur_paired_config how = recur_paired_defaults();
    const char *paths[] = {path};
    recur_corpus *c;
    ok(*state, recur_paired_read(&c, *state, paths, 1, &how));
    assert_int_equal(c->n, 2000);
    for (int64_t i = 0; i < c->n; i++) {
        const char *iso = c->answer[i].text;
        char text[64], year[5] = {iso[0], iso[1], iso[2], iso[3]};
        assert_int_equal(c->answer[i].size, 10);
        for (int k = 0; k < 10; k++)
            assert_true(k == 4 || k == 7 ? iso[k] == '-' : is_digit(iso[k]));
        int m = (iso[5] - '0') * 10 + iso[6] - '0', d = (iso[8] - '0') * 10 + iso[9] - '0';
        assert_true(m >= 1 && m <= 12 && d >= 1 && d <= 31);
        snprintf(text, sizeof text, "%.*s", (int)c->text[i].size, c->text[i].text);
        assert_non_null(strstr(text, year));
        char number[16];
        snprintf(number, sizeof number, "%d", d);
        assert_non_null(strstr(text, number));
        snprintf(number, sizeof number, "%d", m);
        assert_true(strstr(text, month[m - 1]) || strstr(text, number));
    }
    recur_corpus_free(c);
    recur_text_free(t);
    drop_folder(folder);
}

static void writes_tags(void **state)
{
    char folder[32], path[128];
    recur_text *t = saved(*state, "tags", 1500, folder, path);
    recur_tagged_config how = recur_tagged_defaults();
    const char *paths[] = {path};
    recur_sentences *s;
    recur_counts *c, *names;
    int64_t times, once = 0;
    ok(*state, recur_tagged_read(&s, *state, paths, 1, &how, true));
    assert_int_equal(s->n, 1500);
    ok(*state, recur_counts_create(&c, *state));
    ok(*state, recur_counts_create(&names, *state));
    ok(*state, recur_sentences_count_tags(s, NULL, 0, c));
    assert_int_equal(recur_counts_size(c), 9);
    for (int64_t i = 0; i < s->n; i++)
        for (int64_t k = s->offset[i]; k < s->offset[i + 1]; k++) {
            recur_span tag = s->tag[k], before = k > s->offset[i] ? s->tag[k - 1] : (recur_span){"O", 1};
            if (tag.text[0] == 'I') /* goes on with what began */
                assert_true(before.size == tag.size &&
                            memcmp(before.text + 1, tag.text + 1, tag.size - 1) == 0);
            if (tag.size == 5 && memcmp(tag.text, "B-LOC", 5) == 0)
                ok(*state, recur_counts_add(names, s->token[k].text, s->token[k].size, 1));
        }
    for (int64_t i = 0; i < recur_counts_size(names); i++) {
        recur_counts_at(names, i, &times);
        once += times == 1;
    }
    assert_true(once * 10 > recur_counts_size(names) * 8);
    recur_counts_free(names);
    recur_counts_free(c);
    recur_sentences_free(s);
    recur_text_free(t);
    drop_folder(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(throws_balls),
        TEST(draws_a_noisy_sine),
        TEST(walks_over_weekdays),
        TEST(gives_the_same_bytes),
        TEST(refuses_what_there_is_not),
        TEST(saves_a_file),
        TEST(writes_reviews),
        TEST(writes_dates),
        TEST(writes_tags),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

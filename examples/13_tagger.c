// SPDX-License-Identifier: MIT
/*
 * A tagger: which words of a sentence are names? A bidirectional LSTM reads the sentence, a linear layer scores the
 * tags of each word, and a conditional random field (Lafferty et al. 2001) scores them as a sequence, so that I-PER
 * never follows O. Half of the names in the test sentences were never seen in training: only the words around them
 * tell what they are.
 *
 *     cc 13_tagger.c $(pkg-config --cflags --libs recur) -lm -o tagger && ./tagger
 *
 * Prints the loss while it learns, precision, recall and F1 over whole names, and some sentences with their tags.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <recur/recur.h>

enum { LONGEST = 12, BATCH = 16, STEPS = 150, TESTS = 200, E = 16, H = 16 };

/* ---- sentences ---- */

enum { O, B_PER, I_PER, B_LOC, I_LOC, TAGS };
static const char *const tag_names[TAGS] = {"O", "B-PER", "I-PER", "B-LOC", "I-LOC"};

/* P is a person of one or two words, L a place of one or two; everything else stands for itself. */
static const char *const patterns[] = {"P lives in L",       "yesterday P went to L", "in L it rained",
                                       "P and P met in L",   "the mayor of L is P",   "we saw P",
                                       "L is far from L",    "she told P about L",    "nobody was there",
                                       "the road to L ends", "P said it was cold"};
static const char *const first_names[] = {"Ada", "Grace", "Alan", "Emmy", "Kurt", "Sofia", "Edgar", "Lise"};
static const char *const last_names[] = {"Byron", "Hopper", "Turing", "Noether",
                                         "Weil",  "Kova",   "Codd",   "Hahn"};
static const char *const places[] = {"Paris", "New York", "Oslo",       "Santa Fe",
                                     "Cairo", "Riga",     "Porto Novo", "Lima"};
enum {
    PATTERNS = 11,
    NAMES = 8,
    SEEN = NAMES / 2
}; /* the first half of the names stands in training sentences */

typedef struct sentence {
    char text[LONGEST][16];
    int64_t tag[LONGEST];
    int64_t n;
} sentence;

static unsigned below(unsigned n)
{
    static uint64_t state = 1;
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(state >> 33) % n;
}

/* The words of `text`: the first is tagged `tag`, the others `next`. */
static void add(sentence *s, const char *text, int64_t tag, int64_t next)
{
    for (; *text; text += strspn(text, " "), tag = next) {
        size_t n = strcspn(text, " ");
        snprintf(s->text[s->n], sizeof s->text[0], "%.*s", (int)n, text);
        s->tag[s->n++] = tag;
        text += n;
    }
}

static void add_person(sentence *s, unsigned names)
{
    add(s, first_names[below(names)], B_PER, I_PER);
    if (below(2))
        add(s, last_names[below(names)], I_PER, I_PER);
}

static sentence make_sentence(unsigned names)
{
    sentence s = {.n = 0};
    for (const char *p = patterns[below(PATTERNS)]; *p; p += strspn(p, " ")) {
        size_t n = strcspn(p, " ");
        char word[16];
        snprintf(word, sizeof word, "%.*s", (int)n, p);
        if (strcmp(word, "P") == 0)
            add_person(&s, names);
        else if (strcmp(word, "L") == 0)
            add(&s, places[below(names)], B_LOC, I_LOC);
        else
            add(&s, word, O, O);
        p += n;
    }
    return s;
}

/* Numbers of words; 0 is the unknown word. Names of the test alone are unknown. */
static int64_t id_of(const recur_vocab *v, const char *word)
{
    int64_t id = recur_vocab_find(v, word, strlen(word));
    return id < 0 ? RECUR_UNK : id;
}

static recur_status make_vocab(recur_vocab **v, recur_ctx *cx)
{
    recur_counts *counts;
    recur_status status = recur_counts_create(&counts, cx);
    for (int i = 0; i < 500 && !status; i++) {
        sentence s = make_sentence(SEEN);
        for (int64_t t = 0; t < s.n && !status; t++)
            status = recur_counts_add(counts, s.text[t], strlen(s.text[t]), 1);
    }
    if (!status)
        status = recur_vocab_create(v, counts, &(recur_vocab_options){.specials = true});
    recur_counts_free(counts);
    return status;
}

/* ---- the model ---- */

typedef struct tagger {
    recur_vocab *words;
    recur_params *ps;
    recur_embedding_layer embedding;
    recur_rnn *rnn;
    recur_linear_layer head;
    recur_crf_rules *rules;
    recur_crf crf;
    recur_optim *optim;
    recur_tape *tp;
} tagger;

static bool build(tagger *m, recur_ctx *cx)
{
    recur_rnn_config lstm = {
        .cell = RECUR_LSTM, .input = E, .hidden = H, .bidirectional = true, .batch_first = true};
    recur_optim_config adam = recur_optim_defaults(RECUR_ADAM);
    adam.lr = 0.01;
    if (make_vocab(&m->words, cx) || recur_params_create(&m->ps, cx, RECUR_F32, 1) ||
        recur_embedding_create(&m->embedding, m->ps, "embedding", recur_vocab_size(m->words), E, RECUR_PAD) ||
        recur_rnn_create(&m->rnn, m->ps, "rnn", &lstm) ||
        recur_linear_create(&m->head, m->ps, "head", 2 * H, TAGS, true) ||
        recur_crf_create(&m->crf, m->ps, "crf", TAGS, true) || recur_crf_rules_create(&m->rules, cx, TAGS) ||
        recur_optim_create(&m->optim, m->ps, &adam) || recur_tape_create(&m->tp, cx, 0))
        return false;
    recur_crf_forbid_scheme(m->rules, RECUR_SCHEME_IOB2, tag_names);
    m->crf.rules = m->rules;
    return true;
}

static void clear(tagger *m)
{
    recur_tape_free(m->tp);
    recur_optim_free(m->optim);
    recur_crf_rules_free(m->rules);
    recur_rnn_free(m->rnn);
    recur_params_free(m->ps);
    recur_vocab_free(m->words);
}

/* Sentences as tensors; what is behind the end of a sentence is never read. */
typedef struct batch {
    recur_tensor *ids, *tags, *lengths; /* [B, T], [B, T], [B] */
} batch;

/* Now and then a name is read as the unknown word, so that those of the test are no surprise. */
static batch make_batch(tagger *m, const sentence *s, int64_t B, bool training)
{
    int64_t T = 0;
    for (int64_t b = 0; b < B; b++)
        T = s[b].n > T ? s[b].n : T;
    batch x = {recur_input(m->tp, RECUR_I64, 2, (int64_t[]){B, T}, NULL),
               recur_input(m->tp, RECUR_I64, 2, (int64_t[]){B, T}, NULL),
               recur_input(m->tp, RECUR_I64, 1, &B, NULL)};
    for (int64_t b = 0; x.ids && x.tags && x.lengths && b < B; b++) {
        recur_i64(x.lengths)[b] = s[b].n;
        for (int64_t t = 0; t < s[b].n; t++) {
            bool hide = training && s[b].tag[t] != O && below(3) == 0;
            recur_i64(x.ids)[b * T + t] = hide ? RECUR_UNK : id_of(m->words, s[b].text[t]);
            recur_i64(x.tags)[b * T + t] = s[b].tag[t];
        }
    }
    return x;
}

/* The score of every tag for every word, [B, T, TAGS]. */
static recur_tensor *emissions(tagger *m, const batch *x)
{
    recur_tensor *words = recur_embedding_forward(m->tp, &m->embedding, x->ids);
    return recur_linear_forward(m->tp, &m->head,
                                recur_rnn_forward(m->tp, m->rnn, words, x->lengths, NULL, NULL).y);
}

static bool train(tagger *m)
{
    for (int step = 1; step <= STEPS; step++) {
        sentence s[BATCH];
        for (int b = 0; b < BATCH; b++)
            s[b] = make_sentence(SEEN);
        recur_tape_begin(m->tp, RECUR_TRAIN);
        batch x = make_batch(m, s, BATCH, true);
        recur_tensor *p = recur_crf_log_likelihood(m->tp, &m->crf, emissions(m, &x), x.tags, x.lengths);
        recur_tensor *loss = recur_affine(m->tp, recur_mean(m->tp, p, 0, false), -1, 0);
        if (recur_backward(m->tp, loss) || recur_clip_grad_norm(m->ps, 5, 2, NULL) ||
            recur_optim_step(m->optim))
            return false;
        if (step == 1 || step % 50 == 0)
            printf("step %3d: %.3f nats per sentence\n", step, recur_item(loss, 0));
    }
    return true;
}

static void show(const sentence *s, const int64_t *tag)
{
    printf(" ");
    for (int64_t t = 0; t < s->n; t++)
        printf(tag[t] == O ? " %s" : " %s/%s", s->text[t], tag_names[tag[t]]);
    printf("\n");
}

static bool test(tagger *m, recur_ctx *cx)
{
    recur_entities *found;
    if (recur_entities_create(&found, cx, tag_names, TAGS, RECUR_ENTITY_CONLL))
        return false;
    for (int i = 0; i < TESTS; i++) {
        sentence s = make_sentence(NAMES);
        recur_tape_begin(m->tp, RECUR_INFER);
        batch x = make_batch(m, &s, 1, false);
        recur_tensor *best = recur_crf_viterbi(m->tp, &m->crf, emissions(m, &x), x.lengths);
        if (!best)
            return false;
        recur_entities_add(found, s.tag, recur_i64(best), s.n);
        if (i < 5)
            show(&s, recur_i64(best));
    }
    recur_entity_score score = recur_entities_score(found);
    printf("%lld names: precision %.3f, recall %.3f, F1 %.3f\n", (long long)score.gold, score.precision,
           score.recall, score.f1);
    recur_entities_free(found);
    return score.f1 > 0.9;
}

int main(void)
{
    recur_ctx *cx;
    tagger m = {0};
    if (recur_ctx_create(&cx, NULL))
        return EXIT_FAILURE;
    bool good = build(&m, cx) && train(&m) && test(&m, cx);
    const char *text;
    if (recur_error(cx, &text))
        fprintf(stderr, "%s\n", text);
    clear(&m);
    recur_ctx_free(cx);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}

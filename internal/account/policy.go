package account

import (
	"crypto/rand"
	"net/mail"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/wording"
	"golang.org/x/text/unicode/norm"
)

const (
	minPasswordRunes = 10
	maxPasswordBytes = 256
	maxEmailBytes    = 254
)

// commonPasswords are refused although long enough: the first that a guesser tries.
var commonPasswords = []string{
	"1234567890", "0123456789", "0987654321", "9876543210", "12345678910", "1234512345", "1122334455",
	"qwertyuiop", "1q2w3e4r5t", "q1w2e3r4t5", "1qaz2wsx3edc", "asdfghjkl;", "abcdefghij", "abc1234567",
	"password12", "password123", "password1234", "passw0rd123", "p@ssw0rd123", "administrator", "admin12345", "admin123456",
	"iloveyou123", "woaini1314", "woaini520520", "a123456789", "aa123456789", "a1234567890", "wuye123456", "steward123",
}

// normalPassword makes one password of all ways to type it: full-width letters of a Chinese keyboard,
// composed and decomposed accents (NIST SP 800-63B, NFKC).
func normalPassword(password string) string { return norm.NFKC.String(password) }

// checkPassword judges a password that a person chose, by length and guessability as NIST SP 800-63B
// has it: no demands for kinds of characters, no expiry.
func checkPassword(password, email string) error {
	p := normalPassword(password)
	switch first, _ := utf8.DecodeRuneInString(p); {
	case !utf8.ValidString(p) || strings.ContainsRune(p, 0):
		return fault.New(fault.InvalidInput, "密码含有无效字符。", "The password holds invalid characters.")
	case utf8.RuneCountInString(p) < minPasswordRunes:
		return fault.New(fault.InvalidInput, "密码至少需要 %[1]d 个字符。", "The password needs at least %[1]d characters.", minPasswordRunes)
	case len(p) > maxPasswordBytes:
		return fault.New(fault.InvalidInput, "密码过长,最多 %[1]d 字节。", "The password is too long: %[1]d bytes at most.", maxPasswordBytes)
	case slices.Contains(commonPasswords, strings.ToLower(p)), strings.Trim(p, string(first)) == "":
		return fault.New(fault.InvalidInput, "该密码太常见,请换一个。", "This password is too common. Choose another.")
	case email != "" && strings.Contains(strings.ToLower(p), emailKey(email)):
		return fault.New(fault.InvalidInput, "密码不能包含自己的邮箱。", "The password must not contain the e-mail address.")
	}
	return nil
}

// randomPassword makes a password that can be read out over the telephone: 80 bits without 0, 1, 8 or 9.
func randomPassword() string {
	text := strings.ToLower(rand.Text()) // base32: a-z, 2-7
	return strings.Join([]string{text[:4], text[4:8], text[8:12], text[12:16]}, "-")
}

// emailKey makes one text of all ways to write an address: NFKC, lower case, no space around it. What
// PostgreSQL cannot store becomes a question mark: such an address is simply unknown.
func emailKey(email string) string {
	key := norm.NFKC.String(strings.ToLower(norm.NFKC.String(strings.TrimSpace(email))))
	return clean(key, maxEmailBytes)
}

// clean cuts foreign text to a length and to what PostgreSQL can store.
func clean(text string, bytes int) string {
	text = strings.ReplaceAll(strings.ToValidUTF8(text, "?"), "\x00", "?")
	for len(text) > bytes {
		_, n := utf8.DecodeLastRuneInString(text)
		text = text[:len(text)-n]
	}
	return text
}

// checkEmail accepts a plain address: name@host, and nothing in it that nobody sees.
func checkEmail(email string) error {
	if err := wording.CheckText("email", email, 1, maxEmailBytes); err != nil {
		return err
	}
	key := norm.NFKC.String(strings.TrimSpace(email))
	a, err := mail.ParseAddress(key)
	if err != nil || a.Address != key || len(key) > maxEmailBytes || clean(key, maxEmailBytes) != key {
		return fault.Invalid("email", "邮箱地址格式不正确。", "This is not an e-mail address.")
	}
	return nil
}

package store

import (
	"net/url"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/steward-pm/steward/internal/fault"
)

type settings struct {
	bucket, prefix, region string
	endpoint               *string // nil: Amazon's
	pathStyle              bool
	credentials            aws.CredentialsProvider
}

// OpenS3 opens the bucket that an address names: s3://BUCKET/PREFIX?endpoint=https://…&region=…&style=path. Without an endpoint
// it is Amazon's; style is "path" (the default with an endpoint) or "host". The credentials are in the variables that every S3 client
// knows. Nothing is asked of the server yet.
//
// Errors: CONFLICT with what is wrong with the settings, in words.
func OpenS3(address string, getenv func(string) string) (*S3, error) {
	c, err := parse(address, getenv)
	if err != nil {
		return nil, err
	}
	return &S3{client: c.client(), bucket: c.bucket, prefix: c.prefix}, nil
}

func parse(address string, getenv func(string) string) (*settings, error) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "s3" || u.Host == "" || u.Port() != "" || u.User != nil || u.Fragment != "" {
		return nil, malformed()
	}
	c := &settings{bucket: u.Host, prefix: strings.Trim(u.Path, "/"), region: getenv("AWS_REGION")}
	if c.prefix != "" {
		c.prefix += "/"
	}
	if err := c.options(u.Query()); err != nil {
		return nil, err
	}
	c.pathStyle = u.Query().Get("style") == "path" || c.endpoint != nil && u.Query().Get("style") == ""
	if c.region == "" {
		if c.endpoint == nil {
			return nil, fault.Clash("请用 region=… 或 AWS_REGION 说明存储桶所在区域。", "Say in which region the bucket is: region=… or AWS_REGION.")
		}
		c.region = "us-east-1" // what servers take that have no regions
	}
	c.credentials, err = keys(getenv)
	return c, err
}

// options reads what is said behind the question mark.
func (c *settings) options(query url.Values) error {
	for name, values := range query {
		value := values[len(values)-1]
		switch {
		case name == "endpoint" && (strings.HasPrefix(value, "https://") || strings.HasPrefix(value, "http://")):
			c.endpoint = aws.String(value)
		case name == "region":
			c.region = value
		case name == "style" && (value == "path" || value == "host"):
		default:
			return malformed()
		}
	}
	return nil
}

func keys(getenv func(string) string) (aws.CredentialsProvider, error) {
	id, secret := getenv("AWS_ACCESS_KEY_ID"), getenv("AWS_SECRET_ACCESS_KEY")
	if id == "" || secret == "" {
		return nil, fault.Clash("请设置 AWS_ACCESS_KEY_ID 和 AWS_SECRET_ACCESS_KEY(存储桶的密钥)。", "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, the credentials of the bucket.")
	}
	return credentials.NewStaticCredentialsProvider(id, secret, getenv("AWS_SESSION_TOKEN")), nil
}

func malformed() error {
	return fault.Clash("文件存储地址应为 s3://存储桶/前缀?endpoint=https://…&region=…&style=path|host。",
		"The store of files is to be given as s3://BUCKET/PREFIX?endpoint=https://…&region=…&style=path|host.")
}
